//! The keys that the services verify tokens with, and the bridge's own token.

use std::time::Duration;

use anyhow::Context as _;
use baize_proto::access::{Badge, Claims, KeyFolder, Keys, Role, Signer};
use jiff::Timestamp;
use uuid::Uuid;

use crate::settings::Settings;

/// How often the directory of keys is looked at: how soon a rotation is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The keys of the directory, followed as long as the program runs. With `may_make`, a directory without keys gets a
/// first one.
///
/// # Errors
/// There is no directory of keys, or something in it is no key.
pub(super) fn keys(settings: &Settings, may_make: bool) -> anyhow::Result<Keys> {
    let folder = KeyFolder::at(settings.keys_dir());
    if may_make {
        folder.ensure(Timestamp::now()).context("making the first key")?;
    }
    let ring = folder.read().with_context(|| {
        let dir = folder.path().display();
        format!("the keys that tokens are verified with: make them with `baize keys generate --keys-dir {dir}`, or copy their public halves there")
    })?;
    anyhow::ensure!(
        ring.keys().next().is_some(),
        "there is no key in {}: nobody could be let in",
        folder.path().display()
    );
    let keys = Keys::new(ring);
    tokio::spawn(folder.follow(keys.clone(), LOOK_EVERY));
    Ok(keys)
}

/// What a device bridge shows: the token in the file that the configuration names, else one signed with the keys.
///
/// # Errors
/// There is neither.
pub(super) fn of_a_bridge(settings: &Settings, keys: Option<Keys>) -> anyhow::Result<Badge> {
    if let Some(file) = &settings.device_token {
        return Ok(Badge::file(file.clone()));
    }
    let keys = keys.map_or_else(|| self::keys(settings, false), Ok);
    let keys = keys.context(
        "the bridge has no token: name a file that holds one (--device-token, BAIZE_DEVICE_TOKEN or device_token in the file), or give it a key to sign with",
    )?;
    let halls = settings.halls.iter().flatten().map(|hall_id| hall_id.0);
    // The same after a restart: reports that it repeats are known by their sender and request id.
    let shard = settings.shard.as_deref().unwrap_or_default();
    let claims = Claims::new(
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("baize-bridge-{shard}").as_bytes()),
        Role::Device,
        Timestamp::now(),
        Role::Device.lifetime_max(),
    );
    Ok(Badge::signed(Signer::new(keys), claims.in_halls(halls)))
}
