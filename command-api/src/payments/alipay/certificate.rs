//! The serial numbers by which certificates are named on the wire.
//!
//! MD5 of the issuer's name (RFC 2253, as Java writes it) followed by the serial number in decimal; for the roots those of all certificates that
//! are signed with RSA, joined by `_`: <https://opendocs.alipay.com/common/02khjo>. MD5 names here, it protects nothing.

use anyhow::Context as _;
use md5::{Digest as _, Md5};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::X509Name;

use super::signature::Verifier;

/// All signature algorithms of PKCS #1 begin so.
const PKCS_1: &str = "1.2.840.113549.1.1.";

/// A certificate's name on the wire.
///
/// # Errors
/// It cannot be read.
pub fn serial(pem: &str) -> anyhow::Result<String> {
    let block = pem::parse(pem).context("the PEM cannot be read")?;
    let (_, certificate) = X509Certificate::from_der(block.contents()).context("no certificate")?;
    name(&certificate)
}

/// The name of a bundle of roots on the wire.
///
/// # Errors
/// It cannot be read, or no certificate in it is signed with RSA.
pub fn root_serial(pem: &str) -> anyhow::Result<String> {
    let mut names = Vec::new();
    for block in pem::parse_many(pem).context("the PEM cannot be read")? {
        let (_, certificate) = X509Certificate::from_der(block.contents()).context("no certificate")?;
        let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
        if algorithm.starts_with(PKCS_1) {
            names.push(name(&certificate)?);
        }
    }
    anyhow::ensure!(!names.is_empty(), "no certificate that is signed with RSA");
    Ok(names.join("_"))
}

/// The key that a certificate vouches for.
///
/// # Errors
/// It cannot be read, or it is no RSA key.
pub fn verifier(pem: &str) -> anyhow::Result<Verifier> {
    let block = pem::parse(pem).context("the PEM cannot be read")?;
    let (_, certificate) = X509Certificate::from_der(block.contents()).context("no certificate")?;
    Verifier::from_info(certificate.public_key())
}

fn name(certificate: &X509Certificate<'_>) -> anyhow::Result<String> {
    let mut md5 = Md5::new();
    md5.update(rfc2253(certificate.issuer())?);
    md5.update(certificate.tbs_certificate.serial.to_string());
    Ok(md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The last part first, as RFC 2253 wants it.
fn rfc2253(name: &X509Name<'_>) -> anyhow::Result<String> {
    let mut parts = Vec::new();
    for relative in name.iter_rdn() {
        let attributes: Vec<_> = relative.iter().map(attribute).collect::<anyhow::Result<_>>()?;
        parts.push(attributes.join("+"));
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn attribute(attribute: &x509_parser::x509::AttributeTypeAndValue<'_>) -> anyhow::Result<String> {
    let key = match attribute.attr_type().to_id_string().as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        other => anyhow::bail!("the issuer has an attribute {other} that no certificate of Alipay's has"),
    };
    let value = attribute.as_str().context("the issuer's name")?;
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    Ok(format!("{key}={escaped}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alipay's published roots.
    const ROOTS: &str = include_str!("alipay_root.crt");

    #[test]
    fn alipays_roots_have_the_name_that_everybody_sends() {
        let name = root_serial(ROOTS).unwrap();
        assert_eq!(
            name,
            "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6"
        );
    }

    #[test]
    fn one_certificate_has_one_name() {
        let all = pem::parse_many(ROOTS).unwrap();
        let names: Vec<_> = all.iter().map(|pem| serial(&pem::encode(pem)).unwrap()).collect();
        assert_eq!(names.last().unwrap(), "02941eef3187dddf3d3b83462e1dfcf6");
        assert!(names.contains(&"687b59193f3f462dd5336e5abf83c5d8".to_owned()));
    }

    #[test]
    fn what_is_no_certificate_is_refused_at_start() {
        assert!(serial("").is_err());
        assert!(root_serial("").is_err());
        assert!(verifier("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").is_err());
    }
}
