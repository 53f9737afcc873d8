//! Messages to customers from the command line: what is missing or wrong is told before anything starts.

use crate::program::{output, text};

#[test]
fn a_file_of_messages_that_cannot_be_used_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("messages.toml");
    let served = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let (file, none) = (file.to_str().unwrap(), "postgres://127.0.0.1:1/none");
        let serve = [
            "serve",
            "command-api",
            "--database-url",
            none,
            "--nats-url",
            "nats://127.0.0.1:1",
        ];
        output(&[&serve[..], &["--messages-file", file]].concat())
    };
    let message = |kind: &str, how: &str| format!("[[message]]\nkind = \"{kind}\"\n{how}\n");
    let (wechat, sms) = (
        "wechat = { template_id = \"T\", data = { time1 = \"time\" } }",
        "sms = { template_id = \"1\" }",
    );
    for (text_of_file, told) in [
        (message("settled", sms), "message 1: is not critical"),
        (message("bill_due", sms), "sms_app_id is needed"),
        (message("bill_due", wechat), "wechat_app_id is needed"),
        (message("beer_cold", wechat), "beer_cold"),
    ] {
        let output = served(&text_of_file);
        assert!(!output.status.success());
        assert!(text(&output).contains(told), "{told}: {}", text(&output));
    }
}
