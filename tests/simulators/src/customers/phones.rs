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

    /// How many messages came to a phone so far.
    pub(crate) fn count(&self, phone: &str) -> usize {
        self.messages(phone).len()
    }

    /// The code in the first message to a phone after the first `seen`; `None` if none comes.
    pub(crate) async fn code(&self, phone: &str, seen: usize) -> Option<String> {
        let delivered = async {
            loop {
                if let Some(message) = self.messages(phone).into_iter().nth(seen) {
                    return message.parameters.into_iter().next();
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(DELIVERED_WITHIN, delivered).await.ok().flatten()
    }

    fn messages(&self, phone: &str) -> Vec<Message> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let messages = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Message>(line).ok());
        messages.filter(|message| message.phone == phone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_phone_shows_its_own_messages_and_only_new_ones() {
        let file = std::env::temp_dir().join(format!("phones-{}", uuid::Uuid::new_v4()));
        let message =
            |phone: &str, code: &str| format!("{{\"phone\":\"{phone}\",\"parameters\":[\"{code}\",\"5\"]}}\n");
        let text = [
            message("+861", "111111"),
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
