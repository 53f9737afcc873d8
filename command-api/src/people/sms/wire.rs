//! What Tencent Cloud SMS is asked and answers, version 2021-01-11:
//! <https://www.tencentcloud.com/document/product/382/40610> (`SendSms`).

use serde::{Deserialize, Serialize};

use crate::people::SendError;

/// `X-TC-Version`.
pub const VERSION: &str = "2021-01-11";
/// `X-TC-Action`.
pub const ACTION: &str = "SendSms";
/// Part of what is signed.
pub const SERVICE: &str = "sms";
pub const NAME: &str = "the SMS provider";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendSms<'s> {
    pub phone_number_set: [&'s str; 1],
    pub sms_sdk_app_id: &'s str,
    pub sign_name: &'s str,
    pub template_id: &'s str,
    pub template_param_set: &'s [&'s str],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    #[serde(default)]
    send_status_set: Vec<SendStatus>,
    error: Option<Refused>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendStatus {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    code: String,
}

impl Answer {
    /// Whether the message was taken.
    ///
    /// # Errors
    /// It was not, with the provider's code.
    pub fn taken(self) -> Result<(), SendError> {
        let Response { send_status_set, error } = self.response;
        let refused = error.map(|error| error.code);
        let code = refused.or_else(|| send_status_set.into_iter().next().map(|status| status.code));
        match code.as_deref() {
            Some("Ok") => Ok(()),
            Some(code) if code.starts_with("LimitExceeded") || code.starts_with("RequestLimitExceeded") => {
                Err(SendError::Limited(NAME))
            }
            Some(code) if code.starts_with("InternalError") => Err(SendError::Unclear(NAME)),
            Some(code) => Err(SendError::Refused(format!("{NAME} refuses with {code}"))),
            None => Err(SendError::Refused(format!("{NAME}'s answer is empty"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(answer: &str) -> Result<(), SendError> {
        serde_json::from_str::<Answer>(answer).unwrap().taken()
    }

    #[test]
    fn each_answer_has_its_meaning() {
        let ok = r#"{"Response":{"SendStatusSet":[{"SerialNo":"5000:1","PhoneNumber":"+8613800138000","Fee":1,
            "SessionContext":"","Code":"Ok","Message":"send success","IsoCode":"CN"}],"RequestId":"a"}}"#;
        assert!(taken(ok).is_ok());
        let limited =
            r#"{"Response":{"SendStatusSet":[{"Code":"LimitExceeded.PhoneNumberDailyLimit"}],"RequestId":"a"}}"#;
        assert!(matches!(taken(limited), Err(SendError::Limited(_))));
        let error = |code: &str| {
            taken(&format!(
                r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"m"}},"RequestId":"a"}}}}"#
            ))
        };
        assert!(matches!(error("InternalError.Timeout"), Err(SendError::Unclear(_))));
        assert!(matches!(
            error("AuthFailure.SignatureFailure"),
            Err(SendError::Refused(_))
        ));
        assert!(matches!(taken(r#"{"Response":{}}"#), Err(SendError::Refused(_))));
    }
}
