//! What each user may do at the broker, as MQTT topic filters. Whatever is not here is denied.

use baize_device_bridge::drivers::{self, Grants};

use super::inventory::Device;

/// The rights of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The user.
    pub user: String,
    /// Under which filters it may speak.
    pub speaks: Vec<String>,
    /// Under which filters it may listen.
    pub listens: Vec<String>,
}

impl Rights {
    /// A device speaks and listens under its own topic, and nowhere else.
    pub fn of_device(device: &Device) -> Self {
        let Grants { speaks, listens } = drivers::driver(device.driver).grants();
        let own = |filters: &[&str]| {
            filters
                .iter()
                .map(|filter| filter.replace("{}", &device.topic))
                .collect()
        };
        Self {
            user: device.topic.clone(),
            speaks: own(speaks),
            listens: own(listens),
        }
    }

    /// The bridge hears all devices and commands all. It listens where it commands as well, to clear commands that somebody left retained.
    pub fn of_the_bridge(user: &str) -> Self {
        let commands = drivers::all().iter().map(|driver| driver.command_filter().to_owned());
        let speaks: Vec<_> = commands.filter(|filter| !filter.is_empty()).collect();
        let heard = drivers::all().iter().flat_map(|driver| driver.subscriptions());
        let listens = heard.map(|filter| (*filter).to_owned()).chain(speaks.clone()).collect();
        Self {
            user: user.to_owned(),
            speaks,
            listens,
        }
    }
}
