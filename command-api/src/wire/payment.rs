//! `hall.payment.v1`.

use baize_domain::payment::{
    Channel, OrderNo, Paid, Payment, PaymentResolution, Phase, Presentation, TopUpTier, Wanted,
};
use baize_domain::refund::RefundResolution;
use baize_domain::{Command, Fen};
use baize_proto::hall::payment::v1::get_pay_sheet_response::Sheet;
use baize_proto::hall::payment::v1::resolve_payment_request::Resolution;
use baize_proto::hall::payment::v1::start_payment_request::Purpose;
use baize_proto::hall::payment::v1::{
    self, AlipaySheet, CancelPaymentRequest, CancelPaymentResponse, DefineTopUpTiersRequest, DefineTopUpTiersResponse,
    GetPaySheetResponse, PaidThere, PaymentState, ResolvePaymentRequest, ResolvePaymentResponse, ResolveRefundRequest,
    ResolveRefundResponse, RetryPaymentRequest, RetryPaymentResponse, StartPaymentRequest, StartPaymentResponse,
    WechatPaySheet,
};

use uuid::Uuid;

use super::{Fields, Mutation, REASON_CHARS_MAX, timestamp};
use crate::dispatch::Reply;
use crate::payments::provider::PaySheet;

impl Mutation for StartPaymentRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/StartPayment";
    type Response = StartPaymentResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let (channel, presentation) = way(fields, self.channel(), self.presentation());
        Command::StartPayment {
            intent_id: fields.new_id("intent_id", &self.intent_id),
            member_id: fields.id("member_id", &self.member_id),
            wanted: wanted(fields, self.purpose),
            channel,
            presentation,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::PaymentStarted {
            intent_id,
            attempt,
            amount,
            bonus,
            expires_at,
        } = reply
        else {
            return None;
        };
        Some(StartPaymentResponse {
            intent_id: intent_id.to_string(),
            attempt: attempt.into(),
            amount_fen: amount.0,
            bonus_fen: bonus.0,
            expires_at: Some(timestamp(expires_at)),
            position,
        })
    }
}

impl Mutation for RetryPaymentRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/RetryPayment";
    type Response = RetryPaymentResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let (channel, presentation) = way(fields, self.channel(), self.presentation());
        Command::TryPayment {
            intent_id: fields.id("intent_id", &self.intent_id),
            channel,
            presentation,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let started = StartPaymentRequest::response(reply, position)?;
        Some(RetryPaymentResponse {
            intent_id: started.intent_id,
            attempt: started.attempt,
            amount_fen: started.amount_fen,
            bonus_fen: started.bonus_fen,
            expires_at: started.expires_at,
            position,
        })
    }
}

impl Mutation for CancelPaymentRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/CancelPayment";
    type Response = CancelPaymentResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CancelPayment {
            intent_id: fields.id("intent_id", &self.intent_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CancelPaymentResponse { position })
    }
}

impl Mutation for DefineTopUpTiersRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/DefineTopUpTiers";
    type Response = DefineTopUpTiersResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let tier = |fields: &mut Fields, tier: &v1::TopUpTier| TopUpTier {
            from: fields.fen("from_fen", tier.from_fen, 1..=Fen::MAX_INPUT.0),
            bonus: fields.fen("bonus_fen", tier.bonus_fen, 0..=Fen::MAX_INPUT.0),
        };
        let tiers = self.tiers.iter().enumerate();
        Command::DefineTopUpTiers {
            chain_id: fields.id("chain_id", &self.chain_id),
            tiers: tiers
                .map(|(index, told)| fields.item("tiers", index, |fields| tier(fields, told)))
                .collect(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(DefineTopUpTiersResponse { position })
    }
}

impl Mutation for ResolvePaymentRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/ResolvePayment";
    type Response = ResolvePaymentResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ResolvePayment {
            intent_id: fields.id("intent_id", &self.intent_id),
            resolution: resolution(fields, self.resolution),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ResolvePaymentResponse { position })
    }
}

impl Mutation for ResolveRefundRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/ResolveRefund";
    type Response = ResolveRefundResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let resolution = match self.resolution() {
            v1::RefundResolution::Unspecified => None,
            v1::RefundResolution::Retry => Some(RefundResolution::Retry),
            v1::RefundResolution::Replace => Some(RefundResolution::Replace),
            v1::RefundResolution::SettledByHand => Some(RefundResolution::SettledByHand),
        };
        Command::ResolveRefund {
            refund_id: fields.id("refund_id", &self.refund_id),
            resolution: fields.choice("resolution", resolution, RefundResolution::Retry),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ResolveRefundResponse { position })
    }
}

/// How a payment stands; `sheet` is that of its newest attempt, `channels` are those that work now.
pub fn pay_sheet(payment: &Payment, sheet: Option<PaySheet>, channels: &[Channel]) -> GetPaySheetResponse {
    let newest = payment.attempts.last();
    let intent = payment.intent.as_deref();
    let allowed = payment.channels();
    let again = channels.iter().filter(|channel| allowed.contains(channel));
    GetPaySheetResponse {
        state: state(payment.phase).into(),
        amount_fen: intent.map_or(0, |intent| intent.amount.0),
        expires_at: intent.map(|intent| timestamp(intent.expires_at)),
        channel: newest
            .map_or(v1::Channel::Unspecified, |attempt| told(attempt.order.channel))
            .into(),
        sheet: sheet.map(into_sheet),
        channels: match payment.phase.is_open() {
            true => again.map(|channel| told(*channel).into()).collect(),
            false => Vec::new(),
        },
    }
}

fn into_sheet(sheet: PaySheet) -> Sheet {
    match sheet {
        PaySheet::WechatPay {
            time_stamp,
            nonce_str,
            package,
            sign_type,
            pay_sign,
            app_id,
        } => Sheet::WechatPay(WechatPaySheet {
            time_stamp,
            nonce_str,
            package,
            sign_type,
            pay_sign,
            app_id,
        }),
        PaySheet::Alipay { trade_no } => Sheet::Alipay(AlipaySheet { trade_no }),
        PaySheet::Code(code) => Sheet::Code(code),
    }
}

fn wanted(fields: &mut Fields, purpose: Option<Purpose>) -> Wanted {
    match purpose {
        Some(Purpose::TopUp(top_up)) => Wanted::TopUp {
            amount: fields.fen("top_up.amount_fen", top_up.amount_fen, 1..=Fen::MAX_INPUT.0),
        },
        Some(Purpose::Opening(opening)) => Wanted::Opening {
            session_id: fields.id("opening.session_id", &opening.session_id),
        },
        Some(Purpose::Bill(bill)) => Wanted::Bill {
            session_id: fields.id("bill.session_id", &bill.session_id),
        },
        Some(Purpose::Share(share)) => Wanted::Share {
            split_id: fields.id("share.split_id", &share.split_id),
        },
        None => {
            fields.refuse("purpose", "is required: top_up, opening, bill or share");
            Wanted::TopUp { amount: Fen::ZERO }
        }
    }
}

fn resolution(fields: &mut Fields, resolution: Option<Resolution>) -> PaymentResolution {
    match resolution {
        Some(Resolution::Paid(paid)) => fields.within("paid", |fields| paid_there(fields, paid)),
        Some(Resolution::NotPaid(_)) => PaymentResolution::NotPaid,
        Some(Resolution::GiveBack(_)) => PaymentResolution::Refund,
        None => {
            fields.refuse("resolution", "is required: paid, not_paid or give_back");
            PaymentResolution::NotPaid
        }
    }
}

fn paid_there(fields: &mut Fields, paid: PaidThere) -> PaymentResolution {
    PaymentResolution::Paid {
        attempt: fields.uint("attempt", paid.attempt, 1..=OrderNo::ATTEMPTS_MAX.into()),
        paid: Paid {
            transaction_id: fields.text("transaction_id", paid.transaction_id, 64),
            amount: fields.fen("amount_fen", paid.amount_fen, 1..=Fen::MAX_INPUT.0),
            paid_at: fields.required_instant("paid_at", paid.paid_at),
        },
    }
}

/// Through whom and how. Alipay's own app needs an id of the payer that nobody knows here.
fn way(fields: &mut Fields, channel: v1::Channel, presentation: v1::Presentation) -> (Channel, Presentation) {
    let channel = match channel {
        v1::Channel::Unspecified => None,
        v1::Channel::WechatPay => Some(Channel::WechatPay),
        v1::Channel::Alipay => Some(Channel::Alipay),
    };
    let presentation = match presentation {
        v1::Presentation::Unspecified => None,
        v1::Presentation::InApp => Some(Presentation::InApp),
        v1::Presentation::QrCode => Some(Presentation::QrCode),
    };
    if (channel, presentation) == (Some(Channel::Alipay), Some(Presentation::InApp)) {
        fields.refuse("presentation", "is for WeChat Pay; Alipay is paid by a code");
    }
    (
        fields.choice("channel", channel, Channel::WechatPay),
        fields.choice("presentation", presentation, Presentation::QrCode),
    )
}

const fn told(channel: Channel) -> v1::Channel {
    match channel {
        Channel::WechatPay => v1::Channel::WechatPay,
        Channel::Alipay => v1::Channel::Alipay,
    }
}

const fn state(phase: Phase) -> PaymentState {
    match phase {
        Phase::Unstarted => PaymentState::Unspecified,
        Phase::Created | Phase::Processing => PaymentState::Processing,
        Phase::Succeeded => PaymentState::Succeeded,
        Phase::Failed => PaymentState::Failed,
        Phase::Expired => PaymentState::Expired,
        Phase::Cancelled => PaymentState::Cancelled,
        Phase::Conflicted => PaymentState::Conflicted,
        Phase::ManualReview => PaymentState::ManualReview,
        Phase::Resolved => PaymentState::Resolved,
    }
}
