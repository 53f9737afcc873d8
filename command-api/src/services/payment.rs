//! `hall.payment.v1.PaymentService`.

use std::sync::Arc;

use baize_domain::ids::{MemberId, PaymentIntentId};
use baize_domain::payment::{AttemptState, Channel, Payment, PaymentError};
use baize_domain::refusal::{Refusal, RefusalKind};
use baize_proto::access::{Access, Belonging, Denial, denied};
use baize_proto::hall::payment::v1::payment_service_server::PaymentService;
use baize_proto::hall::payment::v1::{
    ApproveCompensationRequest, ApproveCompensationResponse, ApproveRefundRequest, ApproveRefundResponse,
    CancelPaymentRequest, CancelPaymentResponse, ChangePaymentPolicyRequest, ChangePaymentPolicyResponse,
    Channel as Named, CompensateSessionRequest, CompensateSessionResponse, DefineTopUpTiersRequest,
    DefineTopUpTiersResponse, GetPaySheetRequest, GetPaySheetResponse, RejectCompensationRequest,
    RejectCompensationResponse, RejectRefundRequest, RejectRefundResponse, RequestPrincipalRefundRequest,
    RequestPrincipalRefundResponse, ResolvePaymentRequest, ResolvePaymentResponse, ResolveRefundRequest,
    ResolveRefundResponse, RetryPaymentRequest, RetryPaymentResponse, StartPaymentRequest, StartPaymentResponse,
};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use super::Services;
use crate::dispatch::{Belongs as _, CommandError};
use crate::errors;
use crate::payments::provider::PaySheet;
use crate::wire::{Fields, pay_sheet};

#[async_trait]
impl PaymentService for Services {
    async fn start_payment(
        &self,
        request: Request<StartPaymentRequest>,
    ) -> Result<Response<StartPaymentResponse>, Status> {
        let payer = Uuid::try_parse(&request.get_ref().member_id).unwrap_or_default();
        permit(&request, "StartPayment", &Belonging::to_member(MemberId(payer).0))?;
        self.must_work(request.get_ref().channel())?;
        self.execute(request).await
    }

    async fn retry_payment(
        &self,
        request: Request<RetryPaymentRequest>,
    ) -> Result<Response<RetryPaymentResponse>, Status> {
        let intent_id = Uuid::try_parse(&request.get_ref().intent_id).unwrap_or_default();
        self.payment(&request, "RetryPayment", PaymentIntentId(intent_id))
            .await?;
        self.must_work(request.get_ref().channel())?;
        self.execute(request).await
    }

    async fn cancel_payment(
        &self,
        request: Request<CancelPaymentRequest>,
    ) -> Result<Response<CancelPaymentResponse>, Status> {
        self.execute(request).await
    }

    async fn get_pay_sheet(
        &self,
        request: Request<GetPaySheetRequest>,
    ) -> Result<Response<GetPaySheetResponse>, Status> {
        let mut fields = Fields::default();
        let intent_id: PaymentIntentId = fields.id("intent_id", &request.get_ref().intent_id);
        let intent_id = fields.finish(intent_id).map_err(errors::invalid)?;
        let payment = self.payment(&request, "GetPaySheet", intent_id).await?;
        if payment.intent.is_none() {
            return Err(errors::status(CommandError::refuse(PaymentError::NotFound)));
        }
        let sheet = self.sheet(&payment)?;
        Ok(Response::new(pay_sheet(&payment, sheet, &self.channels.working())))
    }

    async fn define_top_up_tiers(
        &self,
        request: Request<DefineTopUpTiersRequest>,
    ) -> Result<Response<DefineTopUpTiersResponse>, Status> {
        self.execute(request).await
    }

    async fn change_payment_policy(
        &self,
        request: Request<ChangePaymentPolicyRequest>,
    ) -> Result<Response<ChangePaymentPolicyResponse>, Status> {
        self.execute(request).await
    }

    async fn request_principal_refund(
        &self,
        request: Request<RequestPrincipalRefundRequest>,
    ) -> Result<Response<RequestPrincipalRefundResponse>, Status> {
        self.execute(request).await
    }

    async fn approve_refund(
        &self,
        request: Request<ApproveRefundRequest>,
    ) -> Result<Response<ApproveRefundResponse>, Status> {
        self.execute(request).await
    }

    async fn reject_refund(
        &self,
        request: Request<RejectRefundRequest>,
    ) -> Result<Response<RejectRefundResponse>, Status> {
        self.execute(request).await
    }

    async fn compensate_session(
        &self,
        request: Request<CompensateSessionRequest>,
    ) -> Result<Response<CompensateSessionResponse>, Status> {
        self.execute(request).await
    }

    async fn approve_compensation(
        &self,
        request: Request<ApproveCompensationRequest>,
    ) -> Result<Response<ApproveCompensationResponse>, Status> {
        self.execute(request).await
    }

    async fn reject_compensation(
        &self,
        request: Request<RejectCompensationRequest>,
    ) -> Result<Response<RejectCompensationResponse>, Status> {
        self.execute(request).await
    }

    async fn resolve_payment(
        &self,
        request: Request<ResolvePaymentRequest>,
    ) -> Result<Response<ResolvePaymentResponse>, Status> {
        self.execute(request).await
    }

    async fn resolve_refund(
        &self,
        request: Request<ResolveRefundRequest>,
    ) -> Result<Response<ResolveRefundResponse>, Status> {
        self.execute(request).await
    }
}

impl Services {
    /// A payment, if it is the caller's to know.
    async fn payment<M>(
        &self,
        request: &Request<M>,
        method: &str,
        intent_id: PaymentIntentId,
    ) -> Result<Arc<Payment>, Status> {
        let payment = self.dispatcher.payment(intent_id).await.map_err(errors::status)?;
        permit(request, method, &payment.belonging(&intent_id.to_string()))?;
        Ok(payment)
    }

    /// Refuses what would go through a provider that is out of order. Nothing is stored: the same request may work in a moment.
    fn must_work(&self, channel: Named) -> Result<(), Status> {
        let channel = match channel {
            Named::WechatPay => Channel::WechatPay,
            Named::Alipay => Channel::Alipay,
            // Refused by its name, with the other fields.
            Named::Unspecified => return Ok(()),
        };
        let working = self.channels.working();
        if working.contains(&channel) {
            return Ok(());
        }
        Err(errors::status(CommandError::refuse(unavailable(channel, &working))))
    }

    /// What the payer's app needs for the newest attempt, while that can be paid.
    fn sheet(&self, payment: &Payment) -> Result<Option<PaySheet>, Status> {
        let Some(attempt) = payment.attempts.last().filter(|_| payment.phase.is_open()) else {
            return Ok(None);
        };
        let AttemptState::Presented(presented) = &attempt.state else {
            return Ok(None);
        };
        let Some(provider) = self.channels.provider(attempt.order.channel) else {
            return Ok(None);
        };
        let sheet = provider.sheet(presented, self.dispatcher.now());
        sheet.map(Some).map_err(|error| errors::internal(&error))
    }
}

fn unavailable(channel: Channel, working: &[Channel]) -> Refusal {
    let names: Vec<_> = working
        .iter()
        .map(|channel| channel.code())
        .chain(["balance"])
        .collect();
    Refusal::new(
        RefusalKind::Precondition,
        "CHANNEL_UNAVAILABLE",
        format!("{} cannot be used at the moment", channel.code()),
        "Choose another way to pay, or try again in a minute.",
    )
    .with("channel", channel.code())
    .with("channels", names.join(","))
}

fn permit<M>(request: &Request<M>, method: &str, thing: &Belonging) -> Result<(), Status> {
    let access = request.extensions().get::<Access>();
    let access = access.ok_or_else(|| errors::status(CommandError::Denied(Denial::Nobody)))?;
    access.permit(std::slice::from_ref(thing)).map_err(|denial| {
        denied(method, access.claims(), denial);
        errors::status(CommandError::Denied(denial))
    })
}
