//! Through whom money comes: the providers that the settings name, with their keys.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use baize_command_api::payments::alipay::{Alipay, AlipayOptions, AlipayTrust};
use baize_command_api::payments::provider::Provider;
use baize_command_api::payments::wechat_pay::{WechatPay, WechatPayKey, WechatPayOptions};
use baize_command_api::{BillOptions, PaymentOptions};
use baize_domain::reconciliation::FeeRate;
use jiff::civil::Time;
use rust_decimal::Decimal;

use super::needed;
use crate::settings::Settings;

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
    let reconcile = &mut options.reconcile;
    let (from, rate) = (&settings.wechat_pay_bill_from, &settings.wechat_pay_fee_rate);
    bills(&mut reconcile.wechat_pay, from.as_deref(), rate.as_deref()).context("wechat_pay")?;
    let (from, rate) = (&settings.alipay_bill_from, &settings.alipay_fee_rate);
    bills(&mut reconcile.alipay, from.as_deref(), rate.as_deref()).context("alipay")?;
    Ok(Some(options))
}

/// How a provider's bills are reconciled, where the settings say.
fn bills(options: &mut BillOptions, from: Option<&str>, rate: Option<&str>) -> anyhow::Result<()> {
    if let Some(from) = from {
        let time = Time::strptime("%H:%M", from);
        options.from = time.with_context(|| format!("bill_from is {from:?}, not a time as 10:15"))?;
    }
    if let Some(rate) = rate {
        let share = rate
            .parse()
            .ok()
            .filter(|share| (Decimal::ZERO..Decimal::ONE).contains(share));
        let share = share.with_context(|| format!("fee_rate is {rate:?}, not a share of 1 as 0.006"))?;
        options.fee_rate = FeeRate(share);
    }
    Ok(())
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
        timeout: settings.provider_timeout(),
        clock: settings.clock()?,
    }))
}

fn alipay(settings: &Settings) -> anyhow::Result<Option<AlipayOptions>> {
    let Some(app_id) = &settings.alipay_app_id else {
        return Ok(None);
    };
    let gateway = settings.alipay_url.clone();
    Ok(Some(AlipayOptions {
        gateway_url: gateway.unwrap_or_else(|| "https://openapi.alipay.com/gateway.do".to_owned()),
        app_id: app_id.clone(),
        seller_id: needed(&settings.alipay_seller_id, "alipay_seller_id")?.to_owned(),
        app_private_key: key(settings.alipay_key_file.as_deref(), "alipay_key_file")?,
        trust: alipay_trust(settings)?,
        notify_url: needed(&settings.alipay_notify_url, "alipay_notify_url")?.to_owned(),
        timeout: settings.provider_timeout(),
        clock: settings.clock()?,
    }))
}

/// By certificates, if the application has one.
fn alipay_trust(settings: &Settings) -> anyhow::Result<AlipayTrust> {
    let Some(app) = settings.alipay_app_certificate_file.as_deref() else {
        let file = settings.alipay_public_key_file.as_deref();
        return key(file, "alipay_public_key_file").map(AlipayTrust::PublicKey);
    };
    anyhow::ensure!(
        settings.alipay_public_key_file.is_none(),
        "alipay_public_key_file and alipay_app_certificate_file are two ways of which Alipay knows one"
    );
    let (alipay, root) = (
        &settings.alipay_certificate_file,
        &settings.alipay_root_certificate_file,
    );
    Ok(AlipayTrust::Certificates {
        app: key(Some(app), "alipay_app_certificate_file")?,
        alipay: key(alipay.as_deref(), "alipay_certificate_file")?,
        root: key(root.as_deref(), "alipay_root_certificate_file")?,
    })
}

fn key(path: Option<&Path>, name: &str) -> anyhow::Result<String> {
    let path = path.with_context(|| format!("{name} is needed"))?;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A setting, and how it is taken away.
    type Without = (&'static str, fn(&mut Settings));

    /// Keys that the simulators sign and verify with.
    fn key_file(name: &str) -> Option<PathBuf> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/simulators/src");
        Some(Path::new(folder).join(name))
    }

    fn named(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn channels(settings: &Settings) -> Vec<&'static str> {
        let options = options(settings).unwrap().expect("a provider");
        options
            .providers
            .iter()
            .map(|provider| provider.channel().code())
            .collect()
    }

    /// What is said of settings that are refused.
    fn refusal(settings: &Settings) -> String {
        format!("{:#}", options(settings).err().expect("a refusal"))
    }

    fn wechat_pay(dir: &Path) -> Settings {
        let v3 = dir.join("v3.key");
        std::fs::write(&v3, format!("{}\n", "k".repeat(32))).unwrap();
        Settings {
            wechat_app_id: named("wx8888888888888888"),
            wechat_pay_mch_id: named("1900000109"),
            wechat_pay_serial: named("5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
            wechat_pay_key_file: key_file("wechat_pay/keys/merchant.pem"),
            wechat_pay_v3_key_file: Some(v3),
            wechat_pay_platform_key_file: key_file("wechat_pay/keys/platform.crt"),
            wechat_pay_notify_url: named("https://hall.example.com/callbacks/wechat_pay"),
            ..Settings::default()
        }
    }

    fn alipay() -> Settings {
        Settings {
            alipay_app_id: named("2021000000000001"),
            alipay_seller_id: named("2088000000000001"),
            alipay_key_file: key_file("alipay/keys/app.pem"),
            alipay_public_key_file: key_file("alipay/keys/alipay.pub.pem"),
            alipay_notify_url: named("https://hall.example.com/callbacks/alipay"),
            ..Settings::default()
        }
    }

    #[test]
    fn without_a_provider_money_comes_at_the_counter_only() {
        assert!(options(&Settings::default()).unwrap().is_none());
    }

    #[test]
    fn both_providers_are_set_up_with_their_keys_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            callback_listen: Some(([127, 0, 0, 1], 7_999).into()),
            ..alipay()
        };
        let both = settings.or(wechat_pay(dir.path()));
        assert_eq!(channels(&both), ["wechat_pay", "alipay"]);
        assert_eq!(options(&both).unwrap().unwrap().callbacks.listen.port(), 7_999);
        let certificates = Settings {
            alipay_public_key_file: None,
            alipay_app_certificate_file: key_file("alipay/keys/app.crt"),
            alipay_certificate_file: key_file("alipay/keys/alipay.crt"),
            alipay_root_certificate_file: key_file("alipay/keys/root.crt"),
            ..alipay()
        };
        assert_eq!(channels(&certificates), ["alipay"]);
    }

    #[test]
    fn each_setting_of_wechat_pay_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let without: [Without; 6] = [
            ("wechat_app_id", |settings| settings.wechat_app_id = None),
            ("wechat_pay_serial", |settings| settings.wechat_pay_serial = None),
            ("wechat_pay_key_file", |settings| settings.wechat_pay_key_file = None),
            ("wechat_pay_v3_key_file", |settings| {
                settings.wechat_pay_v3_key_file = None
            }),
            ("wechat_pay_platform_key_file", |settings| {
                settings.wechat_pay_platform_key_file = None
            }),
            ("wechat_pay_notify_url", |settings| {
                settings.wechat_pay_notify_url = None
            }),
        ];
        for (name, take) in without {
            let mut settings = wechat_pay(dir.path());
            take(&mut settings);
            let told = refusal(&settings);
            assert!(told.contains(name), "{name}: {told}");
        }
        // A public key goes by an id that the file does not hold.
        let public = Settings {
            wechat_pay_platform_key_file: key_file("alipay/keys/alipay.pub.pem"),
            ..wechat_pay(dir.path())
        };
        assert!(refusal(&public).contains("wechat_pay_platform_key_id"));
        let whole = Settings {
            wechat_pay_platform_key_id: named("PUB_KEY_ID_0114232134912410000000000000"),
            ..public
        };
        assert_eq!(channels(&whole), ["wechat_pay"]);
    }

    #[test]
    fn each_setting_of_alipay_that_is_missing_is_named() {
        let without: [Without; 4] = [
            ("alipay_seller_id", |settings| settings.alipay_seller_id = None),
            ("alipay_key_file", |settings| settings.alipay_key_file = None),
            ("alipay_public_key_file", |settings| {
                settings.alipay_public_key_file = None
            }),
            ("alipay_notify_url", |settings| settings.alipay_notify_url = None),
        ];
        for (name, take) in without {
            let mut settings = alipay();
            take(&mut settings);
            let told = refusal(&settings);
            assert!(told.contains(name), "{name}: {told}");
        }
        let mut certificates = alipay();
        certificates.alipay_app_certificate_file = key_file("alipay/keys/app.crt");
        assert!(
            refusal(&certificates).contains("alipay_public_key_file"),
            "one way or the other"
        );
        certificates.alipay_public_key_file = None;
        assert!(refusal(&certificates).contains("alipay_certificate_file"));
        certificates.alipay_certificate_file = key_file("alipay/keys/alipay.crt");
        assert!(refusal(&certificates).contains("alipay_root_certificate_file"));
    }

    #[test]
    fn a_key_that_is_none_is_refused_and_never_told() {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret.pem");
        std::fs::write(&secret, "a secret that is no key").unwrap();
        let pays = Settings {
            wechat_pay_key_file: Some(secret.clone()),
            ..wechat_pay(dir.path())
        };
        let told = refusal(&pays);
        assert!(told.contains("WeChat Pay") && !told.contains("a secret"), "{told}");
        let pays = Settings {
            alipay_key_file: Some(secret),
            ..alipay()
        };
        let told = refusal(&pays);
        assert!(told.contains("Alipay") && !told.contains("a secret"), "{told}");
        let nowhere = Settings {
            alipay_key_file: Some("/nowhere/app.pem".into()),
            ..alipay()
        };
        assert!(refusal(&nowhere).contains("/nowhere/app.pem"));
    }
}
