//! An authority of the halls' own and a server certificate by it, for brokers that no public authority vouches for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use super::folder::replace;
use super::inventory::Issued;

/// The authority's certificate, which devices and bridge trust.
pub const AUTHORITY: &str = "authority.pem";
/// The broker's certificate.
pub const SERVER: &str = "server.pem";
/// The broker's key.
pub const SERVER_KEY: &str = "server-key.pem";
const AUTHORITY_KEY: &str = "authority-key.pem";
const AUTHORITY_DAYS: i64 = 20 * 365;
const SERVER_DAYS: i64 = 800;
/// A certificate that ends sooner is made anew by the next run.
const RENEW_BEFORE_DAYS: i64 = 60;
const DAY_HOURS: i64 = 24;

/// What a broker shows, and who vouches for it.
#[derive(Debug)]
pub struct Certificate {
    /// Where it lies on the broker's machine.
    pub certificate: PathBuf,
    /// Its key, there.
    pub key: PathBuf,
    /// Who vouches for it, on this machine; `None`: whom the system trusts.
    pub authorities: Option<PathBuf>,
}

/// Makes an authority if there is none, and a certificate if there is none for these names that is good for a while.
///
/// # Errors
/// A name that is none, or a file that cannot be read or written.
pub fn ensure(dir: &Path, names: &[String], issued: Option<&Issued>, now: Timestamp) -> anyhow::Result<Issued> {
    let authority_key = authority(dir, now)?;
    let files_are_there = [SERVER, SERVER_KEY].iter().all(|name| dir.join(name).exists());
    let good = issued.filter(|issued| issued.names == names && issued.until > now + days(RENEW_BEFORE_DAYS));
    if let Some(good) = good.filter(|_| files_are_there) {
        return Ok(good.clone());
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.to_vec()).context("a name of the broker")?;
    if let Some(name) = names.first() {
        params.distinguished_name.push(DnType::CommonName, name.as_str());
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let until = limit(&mut params, SERVER_DAYS, now);
    let certificate = params.signed_by(&key, &Issuer::new(authority_params(), authority_key))?;
    // Key and certificate change one after the other; a broker reads both when it is told to.
    replace(&dir.join(SERVER_KEY), &key.serialize_pem())?;
    replace(&dir.join(SERVER), &certificate.pem())?;
    Ok(Issued {
        names: names.to_vec(),
        until,
    })
}

/// The authority's key.
fn authority(dir: &Path, now: Timestamp) -> anyhow::Result<KeyPair> {
    let (key_file, file) = (dir.join(AUTHORITY_KEY), dir.join(AUTHORITY));
    if key_file.exists() && file.exists() {
        let text = fs::read_to_string(&key_file).with_context(|| key_file.display().to_string())?;
        return KeyPair::from_pem(&text).with_context(|| key_file.display().to_string());
    }
    let key = KeyPair::generate()?;
    let mut params = authority_params();
    limit(&mut params, AUTHORITY_DAYS, now);
    let certificate = params.self_signed(&key)?;
    replace(&key_file, &key.serialize_pem())?;
    replace(&file, &certificate.pem())?;
    Ok(key)
}

/// What of the authority is named in the certificates it gives.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Baize devices");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// From yesterday, since clocks differ.
fn limit(params: &mut CertificateParams, good_for_days: i64, now: Timestamp) -> Timestamp {
    let midnight = |at: Timestamp| {
        let date = at.to_zoned(TimeZone::UTC).date();
        let [month, day] = [date.month(), date.day()].map(i8::unsigned_abs);
        date_time_ymd(date.year().into(), month, day)
    };
    let until = now + days(good_for_days);
    params.not_before = midnight(now - days(1));
    params.not_after = midnight(until);
    until
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * DAY_HOURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_until_it_is_for_other_names_or_ends_soon() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let names = ["broker.example", "10.0.0.7"].map(str::to_owned);
        let read = |file: &str| fs::read_to_string(dir.path().join(file)).unwrap();
        let issued = ensure(dir.path(), &names, None, now).unwrap();
        let (server, authority) = (read(SERVER), read(AUTHORITY));

        let again = ensure(dir.path(), &names, Some(&issued), now + days(700)).unwrap();
        assert_eq!((again, read(SERVER)), (issued.clone(), server.clone()));

        let late = now + days(750);
        let renewed = ensure(dir.path(), &names, Some(&issued), late).unwrap();
        assert!(renewed.until > late + days(700) && read(SERVER) != server);

        let server = read(SERVER);
        ensure(dir.path(), &names[..1], Some(&renewed), late).unwrap();
        assert_ne!(read(SERVER), server);
        assert_eq!(read(AUTHORITY), authority, "devices go on trusting it");
    }
}
