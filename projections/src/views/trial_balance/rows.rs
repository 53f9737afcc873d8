//! The tables of accounts, and of the chains to which what is posted belongs.

use baize_domain::journal::Account;
use uuid::Uuid;

use crate::store::{table, text_enum};

text_enum! {
    /// An account of the books.
    pub enum AccountName {
        /// Money taken by staff.
        CounterClearing = "counter_clearing",
        /// Money that WeChat Pay took.
        WechatPayClearing = "wechat_pay_clearing",
        /// Money that Alipay took.
        AlipayClearing = "alipay_clearing",
        /// What goes back and has not arrived.
        RefundsPayable = "refunds_payable",
        /// What nobody has decided on.
        Suspense = "suspense",
        /// What members paid in and have not spent.
        MemberPrincipal = "member_principal",
        /// What members were given and have not spent.
        MemberBonus = "member_bonus",
        /// Cost of bonuses.
        BonusCost = "bonus_cost",
        /// Prepaid time not yet played.
        PrepaidDeferred = "prepaid_deferred",
        /// What play brought in.
        Revenue = "revenue",
        /// What members owe.
        Receivable = "receivable",
        /// What members paid for shares of bills of which not all are paid.
        SharesHeld = "shares_held",
        /// On its way from a guest's wallet to the member's.
        WalletTransfers = "wallet_transfers",
        /// What providers keep.
        ProviderFees = "provider_fees",
        /// What was given back of what games cost.
        Compensation = "compensation",
    }
}

table! {
    /// What was posted to one account for one hall of one chain.
    pub struct AccountRow("accounts", key account_id: Uuid, append_only false, indexes ["chain_id, hall_id"]) {
        /// Follows from the three that come next.
        account_id: Uuid = "uuid NOT NULL",
        /// The hall's chain, or the member's; none if the member was of no chain when it was posted.
        chain_id: Option<Uuid> = "uuid",
        /// The hall, where one is concerned.
        hall_id: Option<Uuid> = "uuid",
        /// The account.
        account: AccountName = "text NOT NULL",
        /// Sum of the debits.
        debit_fen: i64 = "bigint NOT NULL",
        /// Sum of the credits, as a positive number.
        credit_fen: i64 = "bigint NOT NULL",
        /// How many entries there were.
        entries: i64 = "bigint NOT NULL",
        /// Position of the last of them.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// The chain of a hall.
    pub struct HallRow("halls", key hall_id: Uuid, append_only false, indexes []) {
        /// The hall.
        hall_id: Uuid = "uuid NOT NULL",
        /// Its chain.
        chain_id: Uuid = "uuid NOT NULL",
    }
}

table! {
    /// The chain of a member or guest.
    pub struct MemberRow("members", key member_id: Uuid, append_only false, indexes []) {
        /// The person.
        member_id: Uuid = "uuid NOT NULL",
        /// Their chain.
        chain_id: Uuid = "uuid NOT NULL",
    }
}

impl From<Account> for AccountName {
    fn from(account: Account) -> Self {
        match account {
            Account::CounterClearing => Self::CounterClearing,
            Account::WechatPayClearing => Self::WechatPayClearing,
            Account::AlipayClearing => Self::AlipayClearing,
            Account::RefundsPayable => Self::RefundsPayable,
            Account::Suspense => Self::Suspense,
            Account::MemberPrincipal => Self::MemberPrincipal,
            Account::MemberBonus => Self::MemberBonus,
            Account::BonusCost => Self::BonusCost,
            Account::PrepaidDeferred => Self::PrepaidDeferred,
            Account::Revenue => Self::Revenue,
            Account::Receivable => Self::Receivable,
            Account::SharesHeld => Self::SharesHeld,
            Account::WalletTransfers => Self::WalletTransfers,
            Account::ProviderFees => Self::ProviderFees,
            Account::Compensation => Self::Compensation,
        }
    }
}
