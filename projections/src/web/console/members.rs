//! People: who there is in a chain, and one of them with everything that moved their money.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use baize_domain::Fen;
use baize_proto::hall::view::v1::member_directory_service_server::MemberDirectoryService as _;
use baize_proto::hall::view::v1::statement_service_server::StatementService as _;
use baize_proto::hall::view::v1::{
    GetMemberRequest, GetWalletRequest, ListMembersRequest, ListWalletEntriesRequest, Member, MemberKind, WalletEntry,
    wallet_entry,
};
use serde::Deserialize;
use tonic::Code;
use uuid::Uuid;

use super::super::render;
use super::Console;
use super::halls::theirs;
use super::pages::{Layout, Paging, Problem};
use super::visitor::Visitor;
use super::words::{Words, some_fen};

#[derive(Deserialize)]
pub(super) struct Wish {
    /// A member's id to go to.
    #[serde(default)]
    find: String,
    /// For those who see all chains.
    #[serde(default)]
    chain: String,
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "console/members.html")]
struct MembersPage {
    l: Layout,
    /// Chains to choose from, if the visitor has none of their own.
    chains: Vec<String>,
    chain: String,
    members: Vec<MemberLine>,
    next: String,
    /// What was sought is no id.
    no_id: bool,
}

/// A person in a list.
struct MemberLine {
    member_id: String,
    kind: &'static str,
    level: String,
    sessions: u32,
    joined: String,
    last_visit: String,
    blacklisted: bool,
}

pub(super) async fn list(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let sought = wish.find.trim();
    if let Ok(member_id) = Uuid::try_parse(sought) {
        let path = format!("/console/members/{member_id}?lang={}", visitor.language);
        return Ok(Redirect::to(&path).into_response());
    }
    let halls = theirs(&console, &visitor).await?;
    let mut chains: Vec<_> = halls.iter().map(|hall| hall.chain_id.clone()).collect();
    chains.sort_unstable();
    chains.dedup();
    let own = visitor.claims().chain.map(|chain| chain.to_string());
    let chosen = Some(wish.chain).filter(|chain| chains.contains(chain));
    let chain = own.or(chosen).or_else(|| chains.first().cloned()).unwrap_or_default();
    let request = ListMembersRequest {
        chain_id: chain.clone(),
        page_token: wish.page,
        ..ListMembersRequest::default()
    };
    let (mut members, mut next) = (Vec::new(), String::new());
    if !chain.is_empty() {
        let call = visitor.call("/hall.view.v1.MemberDirectoryService/ListMembers", request)?;
        let listed = console.services.members.list_members(call).await;
        let listed = listed.map_err(|status| visitor.problem(status))?.into_inner();
        (members, next) = (listed.members, listed.next_page_token);
    }
    let zone = halls.first().map_or("UTC", |hall| hall.time_zone.as_str());
    let words = Words::new(visitor.language, zone);
    let layout = visitor.layout("/console/members");
    Ok(render(&MembersPage {
        chains: if visitor.claims().chain.is_some() {
            Vec::new()
        } else {
            chains
        },
        chain,
        members: members.iter().map(|member| line(member, &layout, &words)).collect(),
        next,
        no_id: !sought.is_empty(),
        l: layout,
    }))
}

fn line(member: &Member, layout: &Layout, words: &Words) -> MemberLine {
    MemberLine {
        member_id: member.member_id.clone(),
        kind: kind(member, layout),
        level: member.level.clone(),
        sessions: member.sessions,
        joined: words.short(member.joined_at.as_ref()),
        last_visit: words.short(member.last_visit_at.as_ref()),
        blacklisted: member.blacklisted,
    }
}

fn kind(member: &Member, layout: &Layout) -> &'static str {
    match member.kind() {
        MemberKind::Guest => layout.c.guest,
        _ => layout.c.member,
    }
}

#[derive(Template)]
#[template(path = "console/member.html")]
struct MemberPage {
    l: Layout,
    member_id: String,
    kind: &'static str,
    level: String,
    joined: String,
    last_visit: String,
    sessions: u32,
    blacklist_reason: String,
    wallet: Option<WalletLine>,
    entries: Vec<EntryLine>,
    next: String,
    time_zone: String,
}

/// What there is in a wallet.
struct WalletLine {
    principal: String,
    bonus: String,
    held: String,
    available: String,
    owed: String,
}

/// A movement of a wallet, and where it comes from.
struct EntryLine {
    at: String,
    what: String,
    amount: String,
    held: String,
    tone: &'static str,
    /// The page that tells why; empty if there is none.
    why: String,
    reference: String,
}

pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(member_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let problem = |status| visitor.problem(status);
    let request = GetMemberRequest {
        member_id: member_id.clone(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.MemberDirectoryService/GetMember", request)?;
    let member = console.services.members.get_member(call).await.map_err(problem)?;
    let member = member.into_inner().member.unwrap_or_default();
    let halls = theirs(&console, &visitor).await?;
    let home = halls.iter().find(|hall| hall.hall_id == member.last_hall_id);
    let zone = home.or(halls.first()).map_or("UTC", |hall| hall.time_zone.as_str());
    let words = Words::new(visitor.language, zone);
    let wallet = wallet(&console, &visitor, &member_id).await?;
    let (entries, next) = match wallet {
        Some(_) => entries(&console, &visitor, &member_id, paging.page, &words).await?,
        None => (Vec::new(), String::new()),
    };
    let layout = visitor.layout("/console/members");
    Ok(render(&MemberPage {
        kind: kind(&member, &layout),
        level: member.level,
        joined: words.instant(member.joined_at.as_ref()),
        last_visit: words.instant(member.last_visit_at.as_ref()),
        sessions: member.sessions,
        blacklist_reason: member.blacklist_reason,
        wallet,
        entries,
        next,
        time_zone: zone.to_owned(),
        member_id,
        l: layout,
    }))
}

async fn wallet(console: &Console, visitor: &Visitor, member_id: &str) -> Result<Option<WalletLine>, Problem> {
    let request = GetWalletRequest {
        member_id: member_id.to_owned(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.StatementService/GetWallet", request)?;
    let wallet = match console.services.statements.get_wallet(call).await {
        Ok(answer) => answer.into_inner().wallet.unwrap_or_default(),
        // A person who never had money here.
        Err(status) if status.code() == Code::NotFound => return Ok(None),
        Err(status) => return Err(visitor.problem(status)),
    };
    Ok(Some(WalletLine {
        principal: Fen(wallet.principal_fen).to_string(),
        bonus: Fen(wallet.bonus_fen).to_string(),
        held: Fen(wallet.held_fen).to_string(),
        available: Fen(wallet.available_fen).to_string(),
        owed: some_fen(wallet.owed_fen),
    }))
}

async fn entries(
    console: &Console,
    visitor: &Visitor,
    member_id: &str,
    page_token: String,
    words: &Words,
) -> Result<(Vec<EntryLine>, String), Problem> {
    let request = ListWalletEntriesRequest {
        member_id: member_id.to_owned(),
        page_token,
        ..ListWalletEntriesRequest::default()
    };
    let call = visitor.call("/hall.view.v1.StatementService/ListWalletEntries", request)?;
    let listed = console.services.statements.list_wallet_entries(call).await;
    let listed = listed.map_err(|status| visitor.problem(status))?.into_inner();
    let lines = listed.entries.iter().map(|entry| entry_line(entry, words));
    Ok((lines.collect(), listed.next_page_token))
}

fn entry_line(entry: &WalletEntry, words: &Words) -> EntryLine {
    use wallet_entry::Kind;
    let moved = entry.principal_fen + entry.bonus_fen;
    let of_a_session = matches!(
        entry.kind(),
        Kind::Hold
            | Kind::Release
            | Kind::Capture
            | Kind::Prepaid
            | Kind::PrepaidRefund
            | Kind::Debt
            | Kind::DebtPaid
            | Kind::Goods
            | Kind::Compensation
    );
    let why = match entry.kind() {
        _ if of_a_session => format!("/console/sessions/{}", entry.reference),
        Kind::HandedOver | Kind::TakenOver => format!("/console/members/{}", entry.reference),
        _ => String::new(),
    };
    EntryLine {
        at: words.short(entry.at.as_ref()),
        what: words.entry(entry.kind()),
        amount: some_fen(moved),
        held: some_fen(entry.held_fen),
        tone: match moved {
            0 => "quiet",
            1.. => "good",
            _ => "",
        },
        why,
        reference: entry.reference.clone(),
    }
}
