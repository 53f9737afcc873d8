//! The guests' phones: what the simulated provider of text messages delivered.

use std::path::PathBuf;
use std::time::Duration;

use crate::sms::Message;

/// How long a message may take, in real time.
const DELIVERED_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// All phones of a day.
pub(crate) struct Phones {
    file: PathBuf,
}

impl Phones {
    pub(crate) fn at(file: PathBuf) -> Self {
        Self { file }
    }

    /// How many codes came to a phone so far.
    pub(crate) fn count(&self, phone: &str) -> usize {
        self.codes(phone).len()
    }

    /// The first code that comes to a phone after the first `seen`; `None` if none comes.
    pub(crate) async fn code(&self, phone: &str, seen: usize) -> Option<String> {
        let delivered = async {
            loop {
                if let Some(code) = self.codes(phone).into_iter().nth(seen) {
                    return code;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(DELIVERED_WITHIN, delivered).await.ok()
    }

    fn codes(&self, phone: &str) -> Vec<String> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let messages = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Message>(line).ok());
        let mine = messages.filter(|message| message.phone == phone);
        mine.filter_map(|message| message.code().map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_phone_shows_its_own_codes_and_only_new_ones() {
        let file = std::env::temp_dir().join(format!("phones-{}", uuid::Uuid::new_v4()));
        let message = |phone: &str, code: &str| {
            format!("{{\"phone\":\"{phone}\",\"template_id\":\"1\",\"parameters\":[\"{code}\",\"5\"]}}\n")
        };
        let text = [
            message("+861", "111111"),
            message("+861", "A1"),
            message("+862", "222222"),
            message("+861", "333333"),
        ]
        .concat();
        std::fs::write(&file, text).unwrap();
        let phones = Phones::at(file.clone());
        assert_eq!(phones.count("+861"), 2);
        assert_eq!(phones.code("+861", 0).await.as_deref(), Some("111111"));
        assert_eq!(phones.code("+861", 1).await.as_deref(), Some("333333"));
        assert_eq!(phones.count("+863"), 0);
        std::fs::remove_file(file).unwrap();
    }
}
