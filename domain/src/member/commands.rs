//! What a member can be asked.

use jiff::Timestamp;

use crate::ids::{ChainId, MemberId};
use crate::level::LevelCode;
use crate::personal::{Identifier, Sealed};

use super::standing::Standing;
use super::{MessageChannel, MessageKind, MessageNote, PaymentMethod, Registration};

/// Commands of a member. `at` is when.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    missing_docs,
    reason = "fields are named as in the events that they lead to, where they are documented"
)]
pub enum MemberCommand {
    /// Take somebody in.
    Register { registration: Registration, at: Timestamp },
    /// Let somebody in who gives no name.
    StartGuest {
        member_id: MemberId,
        chain_id: ChainId,
        at: Timestamp,
    },
    /// Note a phone number that was proved.
    VerifyPhone { phone: Identifier, at: Timestamp },
    /// Make the guest a member.
    Upgrade {
        openid: Option<Identifier>,
        nickname: Option<Sealed>,
        at: Timestamp,
    },
    /// Send the guest into another person.
    MergeInto { target_id: MemberId, at: Timestamp },
    /// Take a guest in.
    Absorb {
        guest_id: MemberId,
        phone: Option<Identifier>,
        at: Timestamp,
    },
    /// Note the WeChat account of a member who had none.
    AttachOpenid { openid: Identifier, at: Timestamp },
    /// Put the member on the level that the spending is worth, if that is higher.
    RaiseLevel { standing: Standing, at: Timestamp },
    /// Look at a level whose time is over.
    ReviewLevel { standing: Standing, at: Timestamp },
    /// Put the member on another level.
    ChangeLevel { level: LevelCode, at: Timestamp },
    /// Bar the person from playing.
    Blacklist { reason: String, at: Timestamp },
    /// Let the person play again.
    Unblacklist { at: Timestamp },
    /// Add a way to pay.
    BindPaymentMethod { method: PaymentMethod, at: Timestamp },
    /// Take a way to pay away.
    UnbindPaymentMethod { method: PaymentMethod, at: Timestamp },
    /// Note a login.
    RecordLogin { at: Timestamp },
    /// Note how far the person has read.
    ReadNotices { up_to: u64, at: Timestamp },
    /// Note that the person allowed one message each of these kinds.
    AllowMessages { kinds: Vec<MessageKind>, at: Timestamp },
    /// Note on which ways the person does not want to be reached.
    ChooseMessages {
        unwanted: Vec<MessageChannel>,
        at: Timestamp,
    },
    /// Note what became of a message.
    NoteMessage { note: MessageNote, at: Timestamp },
    /// Forget who the person is.
    Erase { reason: String, at: Timestamp },
}
