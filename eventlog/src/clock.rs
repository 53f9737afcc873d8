//! Time for services: the real one, or one that runs faster.
//!
//! A demo evening at 60× needs several processes that agree on the time. A scaled clock is therefore a pure
//! function of the machine's clock: whoever has the same specification reads the same time.

use std::{str::FromStr, time::Duration};

use jiff::{SignedDuration, Timestamp};

/// A clock; cheap to clone. The log itself always records the database's time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    scale: Option<Scale>,
}

#[derive(Debug, Clone)]
struct Scale {
    speed: f64,
    origin_real: Timestamp,
    origin_virtual: Timestamp,
}

/// A clock specification that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "clock specification {0:?}: expected speed,virtual origin,unix ms of the real origin, as in 60,2026-11-20T18:00:00Z,1795197600000"
)]
pub struct InvalidSpec(String);

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self::default()
    }

    /// A clock that shows `origin_virtual` when it is `origin_real`, and runs `speed` times as fast.
    ///
    /// # Panics
    /// If `speed` is not a positive finite number.
    pub fn scaled(origin_real: Timestamp, origin_virtual: Timestamp, speed: f64) -> Self {
        assert!(speed.is_finite() && speed > 0.0, "speed must be positive");
        Self {
            scale: Some(Scale {
                speed,
                origin_real,
                origin_virtual,
            }),
        }
    }

    /// Reads `speed,virtual origin,unix ms of the real origin`; an empty text or `real` is the real clock.
    pub fn from_spec(spec: &str) -> Result<Self, InvalidSpec> {
        let invalid = || InvalidSpec(spec.to_owned());
        if spec.is_empty() || spec == "real" {
            return Ok(Self::real());
        }
        let mut parts = spec.split(',').map(str::trim);
        let (Some(speed), Some(origin_virtual), Some(origin_real), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let speed = f64::from_str(speed).map_err(|_| invalid())?;
        if !(speed.is_finite() && speed > 0.0) {
            return Err(invalid());
        }
        let origin_virtual = origin_virtual.parse().map_err(|_| invalid())?;
        let origin_real = i64::from_str(origin_real)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .ok_or_else(invalid)?;
        Ok(Self::scaled(origin_real, origin_virtual, speed))
    }

    /// The text that [`Clock::from_spec`] reads back.
    pub fn spec(&self) -> String {
        match &self.scale {
            None => "real".to_owned(),
            Some(scale) => format!(
                "{},{},{}",
                scale.speed,
                scale.origin_virtual,
                scale.origin_real.as_millisecond()
            ),
        }
    }

    /// How many seconds of this clock pass in one real second.
    pub fn speed(&self) -> f64 {
        self.scale.as_ref().map_or(1.0, |scale| scale.speed)
    }

    /// What this clock shows.
    pub fn now(&self) -> Timestamp {
        self.at(Timestamp::now())
    }

    /// How long `duration` of this clock takes in real time; for `tokio::time::timeout` and intervals.
    pub fn real_duration(&self, duration: Duration) -> Duration {
        match &self.scale {
            None => duration,
            Some(scale) => Duration::try_from_secs_f64(duration.as_secs_f64() / scale.speed).unwrap_or(Duration::MAX),
        }
    }

    /// Waits for `duration` of this clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.real_duration(duration)).await;
    }

    /// Waits until this clock shows `deadline`, also if the machine's clock is set meanwhile.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        // Bounded naps: a stepped machine clock is noticed within one.
        const NAP_MAX: Duration = Duration::from_secs(1);
        loop {
            let left = deadline.duration_since(self.now());
            if left <= SignedDuration::ZERO {
                return;
            }
            let left = self.real_duration(left.unsigned_abs());
            // Timers tick in milliseconds; waking a little late beats spinning.
            tokio::time::sleep(left.clamp(Duration::from_millis(1), NAP_MAX)).await;
        }
    }

    /// `future`'s output, or `None` when `limit` of this clock has passed.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(self.real_duration(limit), future).await.ok()
    }

    fn at(&self, real: Timestamp) -> Timestamp {
        let Some(scale) = &self.scale else {
            return real;
        };
        let elapsed = real.duration_since(scale.origin_real).as_secs_f64() * scale.speed;
        let elapsed = SignedDuration::try_from_secs_f64(elapsed).unwrap_or(SignedDuration::MAX);
        scale
            .origin_virtual
            .checked_add(elapsed)
            .unwrap_or(if elapsed.is_negative() {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_clock_is_a_pure_function_of_the_machines_clock() {
        let clock = Clock::from_spec("60, 2026-11-20T18:00:00Z, 1795197600000").unwrap();
        let origin = Timestamp::from_millisecond(1_795_197_600_000).unwrap();
        let shown = |seconds| clock.at(origin + SignedDuration::from_secs(seconds)).to_string();
        assert_eq!(shown(0), "2026-11-20T18:00:00Z");
        assert_eq!(shown(60), "2026-11-20T19:00:00Z");
        assert_eq!(shown(-60), "2026-11-20T17:00:00Z");
    }

    #[test]
    fn a_specification_survives_a_round_trip() {
        let spec = "60,2026-11-20T18:00:00Z,1795197600000";
        assert_eq!(Clock::from_spec(spec).unwrap().spec(), spec);
        assert_eq!(Clock::from_spec("").unwrap().spec(), "real");
    }

    #[test]
    fn nonsense_is_refused() {
        for spec in [
            "60",
            "0,2026-11-20T18:00:00Z,1",
            "-1,2026-11-20T18:00:00Z,1",
            "60,tea,1",
            "60,2026-11-20T18:00:00Z,1,1",
            "NaN,2026-11-20T18:00:00Z,1",
        ] {
            assert!(Clock::from_spec(spec).is_err(), "{spec}");
        }
    }

    #[tokio::test]
    async fn waiting_is_shortened_by_the_speed() {
        let origin = Timestamp::now();
        let clock = Clock::scaled(origin, "2026-11-20T18:00:00Z".parse().unwrap(), 100_000.0);
        let before = std::time::Instant::now();
        clock.sleep_until("2026-11-20T19:00:00Z".parse().unwrap()).await;
        assert!(clock.now() >= "2026-11-20T19:00:00Z".parse().unwrap());
        assert!(before.elapsed() < Duration::from_secs(60));
        assert!(
            clock
                .timeout(Duration::from_secs(3_600), std::future::pending::<()>())
                .await
                .is_none()
        );
    }
}
