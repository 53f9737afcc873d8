//! The short form of the soak: `just soak` runs the long one.

use baize_journeys::soak::{Fault, Plan, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_payments_with_every_fault_and_three_kills_charge_nobody_twice_and_lose_nothing()
-> anyhow::Result<()> {
    let seed = std::env::var("BAIZE_FAULT_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let plan = Plan {
        payments: 1_000,
        kills: 3,
        seed: seed.unwrap_or(1),
        faulty: 0.3,
        speed: 100.0,
        payers: 48,
        own_postgres: false,
    };
    println!("BAIZE_FAULT_SEED={} repeats these faults and payers", plan.seed);
    let report = run(&plan, |line| println!("{line}")).await?;
    assert!(report.holds(), "{}", report.render());
    println!("{}", report.render());
    let met: Vec<_> = report.faults.iter().map(|(fault, _)| *fault).collect();
    assert!(met.into_iter().eq(Fault::names()), "every fault is met");
    Ok(())
}
