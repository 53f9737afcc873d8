//! What customers are told who do not look at the app.

use baize_domain::Event;
use baize_domain::member::{MemberEvent, MessageOutcome};
use baize_journeys::clients::{new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::{TABLE_OPEN, World};
use baize_proto::hall::identity::v1::LoginWithWechatRequest;
use baize_proto::hall::identity::v1::identity_service_client::IdentityServiceClient;
use baize_proto::hall::member::v1::{AllowMessagesRequest, GetMessageSettingsRequest, MessageKind};

use crate::{all_is_well, lamp_is, patient_policy, recorded};

#[tokio::test]
async fn who_allowed_it_hears_through_wechat_that_the_table_is_open_and_hears_it_once() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let (first, second) = (hall.table("a1").await?, hall.table("a2").await?);
    let fleet = world.relays(&["a1", "a2"]).await?;
    let login = LoginWithWechatRequest {
        request_id: new_id(),
        chain_id: hall.chain_id.clone(),
        code: world.wechat.login("o-player"),
        ..LoginWithWechatRequest::default()
    };
    let mut identity = IdentityServiceClient::new(world.commands.clone());
    let member_id = identity.login_with_wechat(timed(login)).await?.into_inner().member_id;
    hall.top_up(&member_id, 10_000, 0).await?;

    // The mini program asks which templates there are, shows them, and tells which were accepted.
    let mut members = world.clients.members.clone();
    let settings = GetMessageSettingsRequest {
        member_id: member_id.clone(),
    };
    let settings = members.get_message_settings(timed(settings)).await?.into_inner();
    let offered: Vec<_> = settings
        .templates
        .iter()
        .map(|one| (one.kind(), one.template_id.as_str()))
        .collect();
    assert_eq!(offered, [(MessageKind::TableOpen, TABLE_OPEN)]);
    world.wechat.accept("o-player", TABLE_OPEN);
    let allow = AllowMessagesRequest {
        request_id: new_id(),
        member_id: member_id.clone(),
        kinds: vec![MessageKind::TableOpen.into()],
    };
    members.allow_messages(timed(allow)).await?;

    let opened = hall.open_prepaid(&first, &member_id, 60).await?;
    lamp_is(&fleet, "a1", true).await?;
    let noted = |event: &Event| matches!(event, Event::Member(MemberEvent::MessageNoted { note, .. }) if note.outcome == MessageOutcome::Sent);
    recorded(&world, "the message to be sent", noted).await?;
    let delivered = world.wechat.messages();
    assert_eq!(delivered.len(), 1);
    assert_eq!(
        (delivered[0].openid.as_str(), delivered[0].data["thing1"].as_str()),
        ("o-player", "a1")
    );

    // The next game is told in the app alone: WeChat lets nothing more through.
    hall.close(&opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    let again = hall.open_prepaid(&second, &member_id, 60).await?;
    lamp_is(&fleet, "a2", true).await?;
    hall.close(&again.session_id).await?;
    lamp_is(&fleet, "a2", false).await?;
    all_is_well(&world, &fleet).await?;
    assert_eq!(world.wechat.messages().len(), 1);
    Ok(())
}
