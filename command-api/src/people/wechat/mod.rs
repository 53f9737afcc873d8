//! WeChat mini programs: who logged in, and which phone number WeChat vouches for.

mod client;
mod wire;

pub use client::Wechat;
