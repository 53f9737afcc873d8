//! Roles that are granted, acted in and revoked, over gRPC.

use std::time::Duration;

use baize_proto::access::{Badge, Claims, Role, Verifier};
use baize_proto::hall::staff::v1::{
    ActAsRequest, GrantOwnerRequest, GrantStaffRequest, RevokeOwnerRequest, RevokeStaffRequest, StaffRole,
};
use baize_proto::hall::venue::v1::{RegisterChainRequest, RegisterHallRequest, StartMaintenanceRequest};
use jiff::Timestamp;
use tonic::Code;
use uuid::Uuid;

use super::world::{Clients, Hall, KEYS, World, refused, request_id};

fn customer(clients: &Clients, person: Uuid) -> Clients {
    clients.of(Claims::new(
        person,
        Role::Customer,
        Timestamp::now(),
        Duration::from_secs(600),
    ))
}

/// The clients of a person in a role that was granted to them.
async fn acting(
    clients: &Clients,
    person: Uuid,
    hall: &Hall,
    role: StaffRole,
) -> Result<(Clients, Claims), tonic::Status> {
    let asked = ActAsRequest {
        chain_id: hall.chain_id.clone(),
        role: role.into(),
    };
    let given = customer(clients, person).staff.act_as(asked).await?.into_inner();
    let claims = Verifier::new(KEYS.clone())
        .verify(&given.token, Timestamp::now())
        .unwrap();
    let clients = clients.showing(Badge::fixed(&given.token));
    Ok((clients, claims))
}

fn grant(person: Uuid, hall: &Hall, halls: &[&str]) -> GrantStaffRequest {
    GrantStaffRequest {
        request_id: request_id(),
        member_id: person.to_string(),
        chain_id: hall.chain_id.clone(),
        hall_ids: halls.iter().map(|hall_id| (*hall_id).to_owned()).collect(),
    }
}

fn maintenance(table_id: &str) -> StartMaintenanceRequest {
    StartMaintenanceRequest {
        request_id: request_id(),
        table_id: table_id.to_owned(),
        reason: "new cloth".to_owned(),
        expected_end: None,
    }
}

/// A hall of another chain.
async fn elsewhere(house: &mut Clients) -> Hall {
    let chain = RegisterChainRequest {
        request_id: request_id(),
        name: "Another".to_owned(),
        ..RegisterChainRequest::default()
    };
    let chain_id = house.venue.register_chain(chain).await.unwrap().into_inner().chain_id;
    let hall = RegisterHallRequest {
        request_id: request_id(),
        chain_id: chain_id.clone(),
        name: "Another".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        business_day_cutoff_minutes: 360,
        ..RegisterHallRequest::default()
    };
    let hall_id = house.venue.register_hall(hall).await.unwrap().into_inner().hall_id;
    Hall {
        hall_id,
        chain_id,
        ..house.hall(0).await
    }
}

#[tokio::test]
async fn an_operator_makes_an_owner_who_makes_staff_who_works_in_the_hall_until_it_is_revoked() {
    let world = World::start().await;
    let mut house = world.clients.clone();
    let (hall, neighbour) = (house.hall(2).await, house.hall(1).await);
    let other = elsewhere(&mut house).await;
    let (boss, worker) = (Uuid::now_v7(), Uuid::now_v7());
    let owner = GrantOwnerRequest {
        request_id: request_id(),
        member_id: boss.to_string(),
        chain_id: hall.chain_id.clone(),
    };
    house.staff.grant_owner(owner).await.unwrap();
    let (mut owner, claims) = acting(&house, boss, &hall, StaffRole::Owner).await.unwrap();
    assert_eq!((claims.role, claims.subject), (Role::Owner, boss));
    owner
        .staff
        .grant_staff(grant(worker, &hall, &[&hall.hall_id]))
        .await
        .unwrap();
    let elsewhere = owner.staff.grant_staff(grant(worker, &other, &[&other.hall_id])).await;
    refused(elsewhere, Code::PermissionDenied, "NOT_YOURS");

    let (mut staff, claims) = acting(&house, worker, &hall, StaffRole::Staff).await.unwrap();
    assert_eq!(claims.halls, [Uuid::try_parse(&hall.hall_id).unwrap()]);
    staff
        .venue
        .start_maintenance(maintenance(&hall.tables[0]))
        .await
        .unwrap();
    let foreign = staff.venue.start_maintenance(maintenance(&neighbour.tables[0])).await;
    refused(foreign, Code::PermissionDenied, "NOT_YOURS");
    let itself = staff.staff.grant_staff(grant(worker, &hall, &[&hall.hall_id])).await;
    refused(itself, Code::PermissionDenied, "ROLE_NOT_ALLOWED");

    let revoke = RevokeStaffRequest {
        request_id: request_id(),
        member_id: worker.to_string(),
        chain_id: hall.chain_id.clone(),
        reason: "left".to_owned(),
    };
    owner.staff.revoke_staff(revoke).await.unwrap();
    let again = acting(&house, worker, &hall, StaffRole::Staff).await;
    refused(
        again.map(|(_, claims)| claims),
        Code::FailedPrecondition,
        "ROLE_NOT_GRANTED",
    );
    let dismiss = RevokeOwnerRequest {
        request_id: request_id(),
        member_id: boss.to_string(),
        chain_id: hall.chain_id.clone(),
        reason: "sold".to_owned(),
    };
    let by_owner = owner.staff.revoke_owner(dismiss.clone()).await;
    refused(by_owner, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    house.staff.revoke_owner(dismiss).await.unwrap();
}

#[tokio::test]
async fn nobody_acts_in_a_role_that_was_not_granted_nor_in_halls_of_another_chain() {
    let world = World::start().await;
    let mut house = world.clients.clone();
    let (hall, other) = (house.hall(0).await, elsewhere(&mut house).await);
    let person = Uuid::now_v7();
    for role in [StaffRole::Staff, StaffRole::Owner] {
        let acting = acting(&house, person, &hall, role).await;
        refused(
            acting.map(|(_, claims)| claims),
            Code::FailedPrecondition,
            "ROLE_NOT_GRANTED",
        );
    }
    let mixed = house
        .staff
        .grant_staff(grant(person, &hall, &[&hall.hall_id, &other.hall_id]))
        .await;
    refused(mixed, Code::FailedPrecondition, "HALL_OF_ANOTHER_CHAIN");
    let nowhere = house.staff.grant_staff(grant(person, &hall, &[])).await;
    refused(nowhere, Code::InvalidArgument, "INVALID_ARGUMENT");
}
