//! What the program says about itself.

use crate::program::{output, text};

const SUBCOMMANDS: [(&str, &str); 16] = [
    ("serve", "Run the services"),
    ("demo", "Show an evening in a hall"),
    ("migrate", "Create the roles and apply the migrations"),
    ("rebuild", "Build a view again from the log"),
    ("reconcile", "Compare a provider's bill of a day"),
    ("report", "Send a report by mail once more"),
    ("schemas", "Write the contract of the event stream"),
    ("verify", "Check the log, the bills, wallets and journal"),
    ("audit", "Read the log as an auditor"),
    ("import", "Import data from files"),
    ("qr", "Write the codes of a hall's tables"),
    ("display", "Make and revoke links that show a hall's wall screen"),
    ("devices", "Give each device its own key to the broker"),
    ("doctor", "Check programs, data directory, ports"),
    ("keys", "Make, list, rotate and drop the keys"),
    ("token", "Print a token for somebody who cannot log in"),
];

#[test]
fn every_subcommand_explains_itself() {
    let list = text(&output(&["--help"]));
    for (subcommand, about) in SUBCOMMANDS {
        assert!(
            list.contains(&format!("\n  {subcommand} ")),
            "{subcommand} is not listed:\n{list}"
        );
        let help = output(&[subcommand, "--help"]);
        assert!(help.status.success(), "{subcommand}");
        let help = text(&help);
        assert!(
            help.starts_with(about) && help.contains(&format!("Usage: baize {subcommand}")),
            "{help}"
        );
    }
    // A new subcommand belongs in this list.
    let listed = list
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .count();
    assert_eq!(listed, SUBCOMMANDS.len() + 1, "{list}");
}

#[test]
fn every_key_is_documented_with_its_variable_and_its_default() {
    let help = text(&output(&["serve", "--help"]));
    let configuration = help.split("Configuration (also keys of the file):").nth(1).unwrap();
    let keys: Vec<_> = configuration.split("\n      --").skip(1).collect();
    assert!(keys.len() >= 16, "{}", keys.len());
    for key in keys {
        let name = key.split(' ').next().unwrap();
        let variable = format!("BAIZE_{}", name.to_uppercase().replace('-', "_"));
        assert!(key.contains(&variable), "--{name} has no variable {variable}");
        assert!(key.contains("[default: "), "--{name} tells no default");
    }
}

#[test]
fn without_a_subcommand_it_fails_and_explains_itself() {
    let nothing = output(&[]);
    assert!(!nothing.status.success());
    assert!(text(&nothing).contains("Usage: baize"));
}
