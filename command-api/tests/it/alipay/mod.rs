//! The client of Alipay against a simulated Alipay, over HTTP.

mod faults;
mod freezes;
mod many;
mod money;
mod notices;
mod orders;
mod stage;
