//! What Alipay tells unasked: a form, signed over its decoded parameters without `sign` and `sign_type`.
//!
//! <https://opendocs.alipay.com/open/203/105286>: sent about eight times over 25 hours until it is answered with exactly `success`. A notification
//! carries no nonce; one that comes again says again what is true, and whoever takes it in knows the order's state already.

use std::collections::BTreeMap;

use baize_domain::payment::OrderNo;
use jiff::{SignedDuration, Timestamp};

use super::client::{Gateway, Keys};
use super::signature::content;
use super::wire::{Trade, instant};
use crate::payments::provider::{Forged, Notice};

/// The last repeat comes after 25 hours.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(26);
/// How far Alipay's clock may be ahead of ours.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

type Form = BTreeMap<String, String>;

/// Reads a notification.
pub fn read(gateway: &Gateway, body: &[u8], now: Timestamp) -> Result<Notice, Forged> {
    let form = parse(body)?;
    verify(&gateway.keys, &form)?;
    let told = form.get("notify_time").and_then(|text| instant(text));
    let age = now.duration_since(told.ok_or(Forged::Malformed("notify_time"))?);
    if age > AGE_MAX || age < -AHEAD_MAX {
        return Err(Forged::Skew);
    }
    let is = |name: &str, expected: &str| form.get(name).is_some_and(|value| value == expected);
    if !is("app_id", &gateway.options.app_id) || !is("seller_id", &gateway.options.seller_id) {
        return Err(Forged::OtherMerchant);
    }
    meaning(&form)
}

fn parse(body: &[u8]) -> Result<Form, Forged> {
    let text = str::from_utf8(body).map_err(|_| Forged::Malformed("body"))?;
    let mut form = Form::new();
    for (key, value) in form_urlencoded::parse(text.as_bytes()) {
        if form.insert(key.into_owned(), value.into_owned()).is_some() {
            return Err(Forged::Malformed("a parameter comes twice"));
        }
    }
    Ok(form)
}

fn verify(keys: &Keys, form: &Form) -> Result<(), Forged> {
    let sign = form.get("sign").ok_or(Forged::Malformed("sign"))?;
    if form.get("sign_type").is_none_or(|kind| kind != "RSA2") {
        return Err(Forged::Malformed("sign_type"));
    }
    let serial = form.get("alipay_cert_sn");
    if let (Some(ours), Some(theirs)) = (&keys.serials, serial)
        && *theirs != ours.alipay
    {
        return Err(Forged::UnknownKey);
    }
    let apart = ["sign", "sign_type", "alipay_cert_sn"];
    let signed = form.iter().filter(|(key, _)| !apart.contains(&key.as_str()));
    let signed = content(signed.map(|(key, value)| (key.as_str(), value.as_str())));
    match keys.verifier.holds(signed.as_bytes(), sign) {
        true => Ok(()),
        false => Err(Forged::Signature),
    }
}

/// A refund is told as a change of its order, which stays paid; how the refund stands was answered when it was asked for.
fn meaning(form: &Form) -> Result<Notice, Forged> {
    let text = |name: &str| form.get(name).filter(|value| !value.is_empty()).cloned();
    let Some(order_no) = text("out_trade_no") else {
        let what = text("notify_type").unwrap_or_default();
        return Ok(Notice::Other { what });
    };
    let Ok(order_no) = order_no.parse::<OrderNo>() else {
        let what = "an order that is none of ours".to_owned();
        return Ok(Notice::Other { what });
    };
    let trade = Trade {
        trade_no: text("trade_no"),
        trade_status: text("trade_status"),
        total_amount: text("total_amount"),
        send_pay_date: text("gmt_payment"),
    };
    let state = trade.state().ok_or(Forged::Malformed("trade_status"))?;
    Ok(Notice::Order { order_no, state })
}
