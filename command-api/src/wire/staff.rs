//! `hall.staff.v1`.

use std::collections::BTreeSet;

use baize_domain::Command;
use baize_domain::ids::HallId;
use baize_domain::staff::{HALLS_MAX, StaffRole};
use baize_proto::hall::staff::v1::{
    self, ActAsRequest, GrantOwnerRequest, GrantOwnerResponse, GrantStaffRequest, GrantStaffResponse,
    RevokeOwnerRequest, RevokeOwnerResponse, RevokeStaffRequest, RevokeStaffResponse,
};

use super::{Fields, Mutation};
use crate::dispatch::Reply;
use crate::people::ActAs;

const REASON_CHARS_MAX: usize = 200;

/// The chain and the role that somebody wants to act in.
pub fn act_as_request(request: &ActAsRequest, fields: &mut Fields) -> ActAs {
    ActAs {
        chain_id: fields.id("chain_id", &request.chain_id),
        role: staff_role("role", request.role(), fields),
    }
}

/// A role that can be granted.
pub fn staff_role(field: &str, role: v1::StaffRole, fields: &mut Fields) -> StaffRole {
    let role = match role {
        v1::StaffRole::Unspecified => None,
        v1::StaffRole::Staff => Some(StaffRole::Staff),
        v1::StaffRole::Owner => Some(StaffRole::Owner),
    };
    fields.choice(field, role, StaffRole::Staff)
}

impl Mutation for GrantStaffRequest {
    const METHOD: &'static str = "hall.staff.v1.StaffService/GrantStaff";
    type Response = GrantStaffResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::GrantRole {
            member_id: fields.id("member_id", &self.member_id),
            chain_id: fields.id("chain_id", &self.chain_id),
            role: StaffRole::Staff,
            halls: halls(fields, &self.hall_ids),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(GrantStaffResponse { position })
    }
}

impl Mutation for RevokeStaffRequest {
    const METHOD: &'static str = "hall.staff.v1.StaffService/RevokeStaff";
    type Response = RevokeStaffResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RevokeRole {
            member_id: fields.id("member_id", &self.member_id),
            chain_id: fields.id("chain_id", &self.chain_id),
            role: StaffRole::Staff,
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RevokeStaffResponse { position })
    }
}

impl Mutation for GrantOwnerRequest {
    const METHOD: &'static str = "hall.staff.v1.StaffService/GrantOwner";
    type Response = GrantOwnerResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::GrantRole {
            member_id: fields.id("member_id", &self.member_id),
            chain_id: fields.id("chain_id", &self.chain_id),
            role: StaffRole::Owner,
            halls: BTreeSet::new(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(GrantOwnerResponse { position })
    }
}

impl Mutation for RevokeOwnerRequest {
    const METHOD: &'static str = "hall.staff.v1.StaffService/RevokeOwner";
    type Response = RevokeOwnerResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RevokeRole {
            member_id: fields.id("member_id", &self.member_id),
            chain_id: fields.id("chain_id", &self.chain_id),
            role: StaffRole::Owner,
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RevokeOwnerResponse { position })
    }
}

fn halls(fields: &mut Fields, sent: &[String]) -> BTreeSet<HallId> {
    if !(1..=HALLS_MAX).contains(&sent.len()) {
        fields.refuse("hall_ids", format!("has {} entries, not 1 to {HALLS_MAX}", sent.len()));
    }
    let sent = sent.iter().take(HALLS_MAX).enumerate();
    sent.map(|(index, id)| fields.id(&format!("hall_ids[{index}]"), id))
        .collect()
}
