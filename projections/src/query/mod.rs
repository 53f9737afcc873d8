//! Reading the views: the same reads answer gRPC calls and draw pages.

mod audit;
mod bills;
mod board;
mod deadline;
mod directory;
mod encode;
mod error;
mod fields;
mod loyalty;
mod members;
mod notice_texts;
mod notices;
mod page;
mod payments;
mod reader;
mod receipt;
mod rights;
mod statement;
mod trial_balance;
mod watch;

pub(crate) use audit::AuditService;
pub(crate) use bills::BillService;
pub(crate) use board::{BoardService, HallSummary};
pub(crate) use deadline::Deadline;
pub(crate) use directory::DirectoryService;
pub(crate) use error::Error;
pub(crate) use loyalty::LoyaltyService;
pub(crate) use members::MemberDirectoryService;
pub(crate) use notices::NoticeService;
pub(crate) use payments::PaymentService;
pub(crate) use reader::{Found, Reader};
pub(crate) use receipt::{Receipt, page_path as receipt_path};
pub(crate) use statement::StatementService;
pub(crate) use trial_balance::BookService;
pub(crate) use watch::{BoardUpdate, watch_board};
