//! Through whom money comes: the providers that the settings name, with their keys.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_command_api::PaymentOptions;
use baize_command_api::payments::alipay::{Alipay, AlipayOptions, AlipayTrust};
use baize_command_api::payments::provider::Provider;
use baize_command_api::payments::wechat_pay::{WechatPay, WechatPayKey, WechatPayOptions};

use super::needed;
use crate::settings::Settings;

const PROVIDER_TIMEOUT: Duration = Duration::from_secs(8);

/// The providers; `None` if none is named.
///
/// # Errors
/// A setting of one that is named is missing or wrong, or a key cannot be read. Keys are never told.
pub(crate) fn options(settings: &Settings) -> anyhow::Result<Option<PaymentOptions>> {
    let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
    if let Some(wechat_pay) = wechat_pay(settings)? {
        let wechat_pay = WechatPay::new(wechat_pay).context("WeChat Pay cannot be set up")?;
        providers.push(Arc::new(wechat_pay));
    }
    if let Some(alipay) = alipay(settings)? {
        let alipay = Alipay::new(alipay).context("Alipay cannot be set up")?;
        providers.push(Arc::new(alipay));
    }
    if providers.is_empty() {
        return Ok(None);
    }
    let mut options = PaymentOptions::new(providers);
    options.callbacks.listen = settings.callback_listen();
    Ok(Some(options))
}

fn wechat_pay(settings: &Settings) -> anyhow::Result<Option<WechatPayOptions>> {
    let Some(mch_id) = &settings.wechat_pay_mch_id else {
        return Ok(None);
    };
    let (base_url, backup_url) = match &settings.wechat_pay_url {
        Some(url) => (url.clone(), None),
        None => (
            "https://api.mch.weixin.qq.com".to_owned(),
            Some("https://api2.mch.weixin.qq.com".to_owned()),
        ),
    };
    let platform_key = key(
        settings.wechat_pay_platform_key_file.as_deref(),
        "wechat_pay_platform_key_file",
    )?;
    let platform_key = if platform_key.contains("BEGIN CERTIFICATE") {
        WechatPayKey::Certificate(platform_key)
    } else {
        WechatPayKey::PublicKey {
            id: needed(&settings.wechat_pay_platform_key_id, "wechat_pay_platform_key_id")?.to_owned(),
            pem: platform_key,
        }
    };
    Ok(Some(WechatPayOptions {
        base_url,
        backup_url,
        app_id: needed(&settings.wechat_app_id, "wechat_app_id")?.to_owned(),
        mch_id: mch_id.clone(),
        merchant_serial: needed(&settings.wechat_pay_serial, "wechat_pay_serial")?.to_owned(),
        merchant_key: key(settings.wechat_pay_key_file.as_deref(), "wechat_pay_key_file")?,
        platform_keys: vec![platform_key],
        api_v3_key: key(settings.wechat_pay_v3_key_file.as_deref(), "wechat_pay_v3_key_file")?,
        notify_url: needed(&settings.wechat_pay_notify_url, "wechat_pay_notify_url")?.to_owned(),
        timeout: PROVIDER_TIMEOUT,
        clock: settings.clock()?,
    }))
}

fn alipay(settings: &Settings) -> anyhow::Result<Option<AlipayOptions>> {
    let Some(app_id) = &settings.alipay_app_id else {
        return Ok(None);
    };
    let gateway = settings.alipay_url.clone();
    let public_key = key(settings.alipay_public_key_file.as_deref(), "alipay_public_key_file")?;
    Ok(Some(AlipayOptions {
        gateway_url: gateway.unwrap_or_else(|| "https://openapi.alipay.com/gateway.do".to_owned()),
        app_id: app_id.clone(),
        seller_id: needed(&settings.alipay_seller_id, "alipay_seller_id")?.to_owned(),
        app_private_key: key(settings.alipay_key_file.as_deref(), "alipay_key_file")?,
        trust: AlipayTrust::PublicKey(public_key),
        notify_url: needed(&settings.alipay_notify_url, "alipay_notify_url")?.to_owned(),
        timeout: PROVIDER_TIMEOUT,
        clock: settings.clock()?,
    }))
}

fn key(path: Option<&Path>, name: &str) -> anyhow::Result<String> {
    let path = path.with_context(|| format!("{name} is needed"))?;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim().to_owned())
}
