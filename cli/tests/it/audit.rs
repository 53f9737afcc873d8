//! The auditor's tools on a hall that was really played in.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::hall;
use crate::program::{output, serve_all, text};

#[tokio::test]
async fn an_auditor_replays_the_log_looks_back_proves_an_event_and_finds_an_alteration() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap();
    let audit = |args: &[&str]| output(&[&["audit"], args, &["--data-dir", data_dir]].concat());

    let mut running = serve_all(dir.path());
    let command = running.ready().command.unwrap();
    let hall = hall::set_up(&command).await;
    let opened = hall::open(&command, &hall).await;
    // Whoever stops seals what is there.
    running.signal(Signal::SIGTERM);
    assert!(running.wait().success(), "{}", running.log());

    let replayed = audit(&["replay", "--type", "SessionOpened"]);
    assert!(replayed.status.success(), "{}", text(&replayed));
    let lines = String::from_utf8(replayed.stdout).unwrap();
    let [line] = lines.lines().collect::<Vec<_>>()[..] else {
        panic!("one session was opened:\n{lines}");
    };
    let event: Value = serde_json::from_str(line).unwrap();
    let stream = format!("TableSession/{}", opened.session_id);
    assert_eq!(event["stream"], stream);

    let state = audit(&["state", &stream, "--sequence", "1"]);
    assert!(state.status.success(), "{}", text(&state));
    let state: Value = serde_json::from_slice(&state.stdout).unwrap();
    assert_eq!(state["position"], event["position"]);
    assert_eq!(state["state"]["phase"], "Open");
    assert!(
        !audit(&["state", &stream, "--position", "1"]).status.success(),
        "it had not begun"
    );

    let (proof, heads) = (dir.path().join("proof.json"), dir.path().join("heads"));
    let proof = proof.to_str().unwrap();
    let proved = audit(&["prove", &event["position"].to_string(), "--out", proof]);
    assert!(proved.status.success(), "{}", text(&proved));
    assert!(audit(&["verify", proof]).status.success());
    let forged = std::fs::read_to_string(proof)
        .unwrap()
        .replacen("SessionOpened", "SessionClosed", 1);
    std::fs::write(proof, forged).unwrap();
    assert!(!audit(&["verify", proof]).status.success());

    let kept = audit(&["heads", "--copy-to", heads.to_str().unwrap()]);
    assert!(kept.status.success(), "{}", text(&kept));
    let report = dir.path().join("report.txt");
    let verify = || {
        output(&[
            "verify",
            "--data-dir",
            data_dir,
            "--heads",
            heads.to_str().unwrap(),
            "--report",
            report.to_str().unwrap(),
        ])
    };
    let verified = verify();
    assert!(verified.status.success(), "{}", text(&verified));
    assert!(std::fs::read_to_string(&report).unwrap().contains("seals"));

    let head = std::fs::read_dir(&heads).unwrap().next().unwrap().unwrap().path();
    let note = std::fs::read_to_string(&head).unwrap();
    let (size, _) = note
        .split_once('\n')
        .and_then(|(_, rest)| rest.split_once('\n'))
        .unwrap();
    let altered = note.replacen(&format!("\n{size}\n"), &format!("\n{size}0\n"), 1);
    std::fs::write(&head, altered).unwrap();
    let verified = verify();
    assert!(!verified.status.success(), "{}", text(&verified));
    assert!(text(&verified).contains("was altered"), "{}", text(&verified));
}
