//! How people are let in: the keys of their data, the keys of tokens, and the providers.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use baize_command_api::{MessageOptions, PeopleOptions, PersonalKeys, TencentSmsOptions, WechatOptions};
use baize_domain::member::MessageChannel;
use baize_proto::access::{Keys, Signer};

use super::needed;
use crate::settings::Settings;

const PROVIDER_TIMEOUT: Duration = Duration::from_secs(3);

/// What `serve all` lets people in with: the keys in the data directory are made if there are none.
pub(super) fn at_home(settings: &Settings, keys: Keys) -> anyhow::Result<PeopleOptions> {
    let path = keys_file(settings);
    if settings.personal_keys.is_none() {
        make_once(&path).with_context(|| format!("the keys of personal data in {}", path.display()))?;
    }
    with_keys(settings, keys, &path)
}

/// Where the keys of personal data are: in the file that is named, or in the data directory.
pub(crate) fn keys_file(settings: &Settings) -> PathBuf {
    settings
        .personal_keys
        .clone()
        .unwrap_or_else(|| settings.data_dir().join("personal.keys"))
}

/// The keys in a file.
///
/// # Errors
/// It cannot be read, or holds none.
pub(crate) fn personal_keys(path: &Path) -> anyhow::Result<PersonalKeys> {
    PersonalKeys::read(&read(path)?).with_context(|| path.display().to_string())
}

/// What a command service of its own lets people in with; `None` if no keys are named. It never makes keys: others may have their own.
pub(super) fn if_named(settings: &Settings, keys: Keys) -> anyhow::Result<Option<PeopleOptions>> {
    let Some(path) = &settings.personal_keys else {
        tracing::warn!("personal_keys is not set: nobody is let in here");
        return Ok(None);
    };
    with_keys(settings, keys, path).map(Some)
}

fn with_keys(settings: &Settings, keys: Keys, path: &Path) -> anyhow::Result<PeopleOptions> {
    let mut people = PeopleOptions::new(personal_keys(path)?, Signer::new(keys));
    people.wechat = wechat(settings)?;
    people.sms = sms(settings)?;
    Ok(people)
}

/// Which messages go to customers; none if there is no file.
///
/// # Errors
/// The file cannot be read, or needs a provider that is not set up.
pub(crate) fn messages(settings: &Settings) -> anyhow::Result<MessageOptions> {
    let Some(path) = &settings.messages_file else {
        return Ok(MessageOptions::default());
    };
    let told = || format!("messages_file {}", path.display());
    let text = std::fs::read_to_string(path).with_context(told)?;
    let messages = MessageOptions::read(&text)
        .map_err(anyhow::Error::msg)
        .with_context(told)?;
    if messages.uses(MessageChannel::Wechat) && settings.wechat_app_id.is_none() {
        anyhow::bail!("{} has messages through WeChat: wechat_app_id is needed", told());
    }
    if messages.uses(MessageChannel::Sms) && settings.sms_app_id.is_none() {
        anyhow::bail!("{} has text messages: sms_app_id is needed", told());
    }
    Ok(messages)
}

fn wechat(settings: &Settings) -> anyhow::Result<Option<WechatOptions>> {
    let Some(app_id) = &settings.wechat_app_id else {
        return Ok(None);
    };
    Ok(Some(WechatOptions {
        base_url: settings
            .wechat_url
            .clone()
            .unwrap_or_else(|| "https://api.weixin.qq.com".to_owned()),
        app_id: app_id.clone(),
        app_secret: secret(settings.wechat_secret_file.as_deref(), "wechat_secret_file")?,
        timeout: PROVIDER_TIMEOUT,
    }))
}

fn sms(settings: &Settings) -> anyhow::Result<Option<TencentSmsOptions>> {
    let Some(sdk_app_id) = &settings.sms_app_id else {
        return Ok(None);
    };
    Ok(Some(TencentSmsOptions {
        base_url: settings
            .sms_url
            .clone()
            .unwrap_or_else(|| "https://sms.tencentcloudapi.com".to_owned()),
        secret_id: needed(&settings.sms_secret_id, "sms_secret_id")?.to_owned(),
        secret_key: secret(settings.sms_secret_key_file.as_deref(), "sms_secret_key_file")?,
        region: settings.sms_region.clone().unwrap_or_else(|| "ap-guangzhou".to_owned()),
        sdk_app_id: sdk_app_id.clone(),
        sign_name: needed(&settings.sms_sign_name, "sms_sign_name")?.to_owned(),
        template_id: needed(&settings.sms_template_id, "sms_template_id")?.to_owned(),
        timeout: PROVIDER_TIMEOUT,
    }))
}

fn secret(path: Option<&Path>, key: &str) -> anyhow::Result<String> {
    let path = path.with_context(|| format!("{key} is needed"))?;
    Ok(read(path)?.trim().to_owned())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes new keys, unless there are some. Nobody but their owner may read them.
fn make_once(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut file = std::fs::OpenOptions::new();
    let mut file = file.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(PersonalKeys::generate()?.to_text().as_bytes())?;
    file.sync_all()?;
    Ok(())
}
