//! The rights that the contract gives: the option `hall.access.v1.policy` of every method, read from the descriptors.

use std::collections::BTreeMap;
use std::fmt;

use prost_reflect::{DescriptorPool, DynamicMessage, Value};

use super::Role;
use crate::DESCRIPTOR_SET;

const OPTION: &str = "hall.access.v1.policy";
/// What is not ours is not looked at: the pool also holds what the files import.
const OURS: &str = "hall.";

/// Of what a caller may see or change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// What belongs to the caller.
    Own,
    /// What belongs to a hall that the token names.
    Hall,
    /// What belongs to the chain that the token names.
    Chain,
    /// Everything.
    All,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::Hall => "hall",
            Self::Chain => "chain",
            Self::All => "all",
        })
    }
}

/// Who may call a method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Anybody, without a token.
    pub open: bool,
    /// The roles that may, and how far.
    pub allow: BTreeMap<Role, Scope>,
}

/// The policies of all methods, by path such as `/hall.table.v1.TableService/OpenTable`.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    methods: BTreeMap<String, Policy>,
}

/// What is wrong with the contract: every method that has no policy, or one that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("methods without a usable `option ({OPTION}) = {{ allow: {{ role: … scope: … }} }}` in their .proto file: {}", .0.join("; "))]
pub struct PolicyError(pub Vec<String>);

impl Policies {
    /// Those of the contract.
    ///
    /// # Errors
    /// A method has none. A test sees to it that this never leaves the house.
    pub fn of_contract() -> Result<Self, PolicyError> {
        Self::read(DESCRIPTOR_SET)
    }

    fn read(descriptors: &[u8]) -> Result<Self, PolicyError> {
        let broken = |what: &dyn fmt::Display| PolicyError(vec![what.to_string()]);
        let pool = DescriptorPool::decode(descriptors).map_err(|error| broken(&error))?;
        let option = pool.get_extension_by_name(OPTION);
        let option = option.ok_or_else(|| broken(&"the option itself is missing"))?;
        let mut policies = Self::default();
        let mut faults = Vec::new();
        for service in pool.services().filter(|service| service.full_name().starts_with(OURS)) {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let options = method.options();
                let given = options.get_extension(&option);
                let policy = given.as_message().ok_or("is not a message").and_then(policy);
                match policy {
                    Ok(policy) => {
                        policies.methods.insert(path, policy);
                    }
                    Err(why) => faults.push(format!("{path} {why}")),
                }
            }
        }
        if faults.is_empty() {
            Ok(policies)
        } else {
            Err(PolicyError(faults))
        }
    }

    /// The policy of a method; `None` if the contract has no such method.
    pub fn of(&self, path: &str) -> Option<&Policy> {
        self.methods.get(path)
    }

    /// All, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Policy)> {
        self.methods.iter().map(|(path, policy)| (path.as_str(), policy))
    }
}

fn policy(message: &DynamicMessage) -> Result<Policy, &'static str> {
    let open = message.get_field_by_name("open").and_then(|open| open.as_bool());
    let mut policy = Policy {
        open: open.unwrap_or_default(),
        ..Policy::default()
    };
    let rules = message.get_field_by_name("allow");
    let rules = rules.as_ref().and_then(|rules| rules.as_list()).unwrap_or_default();
    for rule in rules.iter().filter_map(Value::as_message) {
        let number = |field| {
            let value = rule.get_field_by_name(field);
            value.and_then(|value| value.as_enum_number()).unwrap_or_default()
        };
        let role = role(number("role")).ok_or("names no role")?;
        let scope = scope(number("scope")).ok_or("names no scope")?;
        if policy.allow.insert(role, scope).is_some() {
            return Err("names a role twice");
        }
    }
    match (policy.open, policy.allow.is_empty()) {
        (true, true) | (false, false) => Ok(policy),
        (false, true) => Err("has no policy"),
        (true, false) => Err("is open and names roles"),
    }
}

fn role(number: i32) -> Option<Role> {
    use crate::hall::access::v1::Role as Wire;
    match Wire::try_from(number).ok()? {
        Wire::Unspecified => None,
        Wire::Customer => Some(Role::Customer),
        Wire::Staff => Some(Role::Staff),
        Wire::Owner => Some(Role::Owner),
        Wire::Auditor => Some(Role::Auditor),
        Wire::Device => Some(Role::Device),
        Wire::Operator => Some(Role::Operator),
    }
}

fn scope(number: i32) -> Option<Scope> {
    use crate::hall::access::v1::Scope as Wire;
    match Wire::try_from(number).ok()? {
        Wire::Unspecified => None,
        Wire::Own => Some(Scope::Own),
        Wire::Hall => Some(Scope::Hall),
        Wire::Chain => Some(Scope::Chain),
        Wire::All => Some(Scope::All),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_says_who_may_call_it() {
        let policies = Policies::of_contract().unwrap_or_else(|error| panic!("{error}"));
        assert!(policies.iter().count() > 15);
    }

    #[test]
    fn nobody_who_only_reads_may_change_anything_and_devices_only_report() {
        for (path, policy) in Policies::of_contract().unwrap().iter() {
            let areas = ["/hall.view.", "/hall.audit."];
            let reads = areas.iter().any(|area| path.starts_with(area)) || path.ends_with("/QuoteSession");
            assert!(reads || !policy.allow.contains_key(&Role::Auditor), "{path}");
            let reports = path.starts_with("/hall.device.v1.DeviceService/");
            assert_eq!(reports, policy.allow.contains_key(&Role::Device), "{path}");
            let customer = policy.allow.get(&Role::Customer);
            assert!(!matches!(customer, Some(Scope::Hall | Scope::Chain)), "{path}");
            for bounded in [Role::Staff, Role::Owner] {
                assert!(reads || policy.allow.get(&bounded) != Some(&Scope::All), "{path}");
            }
        }
    }

    #[test]
    fn the_page_for_people_says_the_same() {
        const PAGE: &str = include_str!("../../../docs/access.md");
        let shown = PAGE
            .split("<!-- methods -->\n")
            .nth(1)
            .and_then(|rest| rest.split("<!-- end").next());
        let mut expected = String::from("| Method |");
        for role in Role::ALL {
            expected.push_str(&format!(" {role} |"));
        }
        expected.push_str(&format!("\n|---|{}\n", "---|".repeat(Role::ALL.len())));
        for (path, policy) in Policies::of_contract().unwrap().iter() {
            expected.push_str(&format!("| `{}` |", &path[1..]));
            for role in Role::ALL {
                let scope = policy.allow.get(&role).map_or_else(|| "–".to_owned(), Scope::to_string);
                let cell = if policy.open { "open".to_owned() } else { scope };
                expected.push_str(&format!(" {cell} |"));
            }
            expected.push('\n');
        }
        assert_eq!(shown, Some(&*expected), "put this into docs/access.md:\n{expected}");
    }

    #[test]
    fn a_contract_without_policies_is_refused_with_every_method_named() {
        use prost::Message as _;
        // The types of prost know no extensions: what they write has lost the option.
        let lost = prost_types::FileDescriptorSet::decode(DESCRIPTOR_SET)
            .unwrap()
            .encode_to_vec();
        let faults = Policies::read(&lost).unwrap_err().0;
        assert_eq!(faults.len(), Policies::of_contract().unwrap().iter().count());
        assert!(
            faults
                .iter()
                .any(|fault| fault == "/hall.table.v1.TableService/OpenTable has no policy")
        );
    }
}
