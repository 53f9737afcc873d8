//! `baize devices provision`: one credential and one access list entry for each device, for both brokers.
//!
//! ```text
//! DIR/provisioned.json        which devices, whose certificate; no secrets
//! DIR/secrets/USER            the password of a device or of the bridge
//! DIR/tls/                    authority and server certificate, unless the operator has his own
//! DIR/mosquitto/              baize.conf, passwords, acl
//! DIR/nats-server/            mqtt.conf, users.conf
//! ```
//!
//! The passwords are the only thing that is drawn; everything else follows from them and from the list of devices, so that the
//! same run again writes the same files. The user of a device is its topic.

mod certificate;
mod folder;
mod inventory;
mod mosquitto;
mod nats;
mod rights;
mod secret;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use baize_device_bridge::{Credentials, MqttOptions, Tls, echo};
use baize_domain::ids::HallId;
use jiff::Timestamp;

use crate::settings::Settings;

use certificate::Certificate;
use folder::Folder;
use inventory::{Device, Provisioned};
use rights::Rights;
use secret::{Made, Secrets};

/// The user of the bridge.
const BRIDGE: &str = "baize-bridge";

/// Arguments of `baize devices provision`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    /// The hall whose devices they are, as the database knows them
    #[arg(
        long,
        value_name = "HALL_ID",
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    hall: Option<HallId>,
    /// The hall whose devices they are, as the file for `baize import hall` lists them
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Directory that everything is written to; several halls may share one, and with it a broker
    #[arg(long, value_name = "DIR", default_value = "broker")]
    out: PathBuf,
    /// Name or address of the broker that its certificate is good for; may be given several times [default: those of the run before]
    #[arg(long, value_name = "HOST", conflicts_with = "certificate")]
    name: Vec<String>,
    /// A certificate (PEM, with its chain) of the operator's own, instead of one by an authority made here
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,
    /// The key of --certificate
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
    /// Who vouches for --certificate, as a PEM file [default: those the system trusts]
    #[arg(long, value_name = "FILE", requires = "certificate")]
    authorities: Option<PathBuf>,
    /// Where the broker listens for devices, with TLS
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8883")]
    listen: SocketAddr,
    /// Where the files will lie on the broker's machine [default: where they are written]
    #[arg(long, value_name = "DIR")]
    installed_at: Option<PathBuf>,
    /// Draw a new password for this user, a topic or baize-bridge; may be given several times
    #[arg(long, value_name = "USER")]
    rotate: Vec<String>,
    /// Try it out over the broker at this host and port, which must run with the files by now
    #[arg(long, value_name = "HOST:PORT")]
    echo: Option<String>,
}

impl Args {
    /// Provisions; false if the broker does not do as it should.
    ///
    /// # Errors
    /// The devices cannot be found out, or a file cannot be read or written.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let (hall_id, devices) = match (&self.file, self.hall) {
            (Some(file), _) => inventory::of_file(file)?,
            (None, Some(hall_id)) => (hall_id, inventory::of_database(settings, hall_id).await?),
            (None, None) => bail!("name a hall or a file"),
        };
        let folder = Folder::at(&self.out)?;
        let mut provisioned = folder.provisioned()?;
        let gone = provisioned.replace(hall_id, devices)?;
        let certificate = self.certificate(&folder, &mut provisioned)?;
        let secrets = Secrets::in_dir(folder.dir("secrets")?);
        let made = self.passwords(&secrets, &provisioned, &gone)?;
        self.write(&folder, &provisioned, &secrets, &certificate)?;
        let out = self.out.display();
        println!(
            "{} devices, {made} new passwords, {} gone: {out}",
            provisioned.devices.len(),
            gone.len()
        );
        let Some(address) = &self.echo else {
            println!("not tried out yet: install the files at the broker, then run this again with --echo HOST:PORT");
            return Ok(true);
        };
        let broker = broker(address, &certificate)?;
        let of_hall = provisioned.devices.iter().filter(|device| device.hall_id == hall_id);
        try_out(&broker, &secrets, of_hall).await
    }

    /// The operator's, or one that is made here unless a good one is there.
    fn certificate(&self, folder: &Folder, provisioned: &mut Provisioned) -> anyhow::Result<Certificate> {
        let installed_at = self.installed_at(folder)?;
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.certificate_key) {
            let absolute = |file: &Path| std::path::absolute(file).with_context(|| file.display().to_string());
            return Ok(Certificate {
                certificate: absolute(certificate)?,
                key: absolute(key)?,
                authorities: self.authorities.clone(),
            });
        }
        if !self.name.is_empty() {
            provisioned.names.clone_from(&self.name);
        }
        ensure!(
            !provisioned.names.is_empty(),
            "by which name or address do devices reach the broker? Say it with --name, for its certificate"
        );
        let dir = folder.dir("tls")?;
        provisioned.certificate = Some(certificate::ensure(
            &dir,
            &provisioned.names,
            provisioned.certificate.as_ref(),
            Timestamp::now(),
        )?);
        Ok(Certificate {
            certificate: installed_at.join("tls").join(certificate::SERVER),
            key: installed_at.join("tls").join(certificate::SERVER_KEY),
            authorities: Some(dir.join(certificate::AUTHORITY)),
        })
    }

    fn installed_at(&self, folder: &Folder) -> anyhow::Result<PathBuf> {
        match &self.installed_at {
            Some(dir) => Ok(dir.clone()),
            None => std::path::absolute(folder.path()).context("the current directory"),
        }
    }

    /// One for everybody who has none, new ones for those that are rotated, none for those that are gone; how many are new.
    fn passwords(&self, secrets: &Secrets, provisioned: &Provisioned, gone: &[String]) -> anyhow::Result<usize> {
        let is_known = |user: &String| user == BRIDGE || provisioned.devices.iter().any(|device| device.topic == *user);
        if let Some(stranger) = self.rotate.iter().find(|user| !is_known(user)) {
            bail!("there is no device {stranger} to rotate the password of");
        }
        for user in gone {
            secrets.forget(user)?;
        }
        let mut made = 0;
        for user in users(provisioned) {
            let is_new = if self.rotate.iter().any(|rotated| rotated == user) {
                secrets.rotate(user)?;
                true
            } else {
                secrets.ensure(user)? == Made::Now
            };
            made += usize::from(is_new);
        }
        Ok(made)
    }

    fn write(
        &self,
        folder: &Folder,
        provisioned: &Provisioned,
        secrets: &Secrets,
        certificate: &Certificate,
    ) -> anyhow::Result<()> {
        let mut rights = vec![Rights::of_the_bridge(BRIDGE)];
        rights.extend(provisioned.devices.iter().map(Rights::of_device));
        let mut credentials = Vec::new();
        for user in users(provisioned) {
            credentials.push((user, secrets.read(user)?));
        }
        let installed_at = self.installed_at(folder)?.join("mosquitto");
        let files = [
            ("mosquitto/passwords", mosquitto::passwords(&credentials)?),
            ("mosquitto/acl", mosquitto::acl(&rights)),
            (
                "mosquitto/baize.conf",
                mosquitto::config(self.listen, certificate, &installed_at),
            ),
            ("nats-server/users.conf", nats::users(&rights, &credentials)?),
            ("nats-server/mqtt.conf", nats::config(self.listen, certificate)),
        ];
        for (name, text) in files {
            folder.write(name, &text)?;
        }
        folder.keep(provisioned)
    }
}

/// Everybody who has a password.
fn users(provisioned: &Provisioned) -> impl Iterator<Item = &str> {
    let devices = provisioned.devices.iter().map(|device| device.topic.as_str());
    std::iter::once(BRIDGE).chain(devices)
}

/// The broker as it is reached from here.
fn broker(address: &str, certificate: &Certificate) -> anyhow::Result<MqttOptions> {
    let (host, port) = address
        .rsplit_once(':')
        .with_context(|| format!("{address:?} is not HOST:PORT"))?;
    let port = port.parse().with_context(|| format!("{port:?} is no port"))?;
    Ok(MqttOptions {
        tls: Some(certificate.authorities.clone().map_or(Tls::System, Tls::Authorities)),
        ..MqttOptions::new(host, port)
    })
}

/// Tells of each device whether it and the bridge hear each other; false if one does not.
async fn try_out(
    broker: &MqttOptions,
    secrets: &Secrets,
    devices: impl Iterator<Item = &Device>,
) -> anyhow::Result<bool> {
    let credentials = |user: &str| {
        anyhow::Ok(Credentials {
            user: user.to_owned(),
            password: secrets.read(user)?.reveal().to_owned(),
        })
    };
    let bridge = credentials(BRIDGE)?;
    let mut is_good = true;
    for device in devices {
        match echo::between(broker, &bridge, &credentials(&device.topic)?, device.driver).await {
            Ok(()) => println!("{}: echo heard both ways", device.topic),
            Err(error) => {
                println!("{}: {error:#}", device.topic);
                is_good = false;
            }
        }
    }
    match echo::refuses_strangers(broker).await {
        Ok(()) => println!("strangers are refused"),
        Err(error) => {
            println!("strangers: {error:#}");
            is_good = false;
        }
    }
    Ok(is_good)
}
