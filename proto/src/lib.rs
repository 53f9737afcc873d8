//! The gRPC contract, generated from `hall/<area>/v1/*.proto` (the `.proto` files are its documentation), and who may
//! call what of it (`access`).

pub mod access;

/// The descriptors of all services, for reflection.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hall.bin"));

#[allow(
    missing_docs,
    clippy::all,
    reason = "generated code; the .proto files carry the documentation"
)]
pub mod hall {
    pub mod access {
        pub mod v1 {
            tonic::include_proto!("hall.access.v1");
        }
    }
    pub mod audit {
        pub mod v1 {
            tonic::include_proto!("hall.audit.v1");
        }
    }
    pub mod calendar {
        pub mod v1 {
            tonic::include_proto!("hall.calendar.v1");
        }
    }
    pub mod complaint {
        pub mod v1 {
            tonic::include_proto!("hall.complaint.v1");
        }
    }
    pub mod device {
        pub mod v1 {
            tonic::include_proto!("hall.device.v1");
        }
    }
    pub mod identity {
        pub mod v1 {
            tonic::include_proto!("hall.identity.v1");
        }
    }
    pub mod member {
        pub mod v1 {
            tonic::include_proto!("hall.member.v1");
        }
    }
    pub mod loyalty {
        pub mod v1 {
            tonic::include_proto!("hall.loyalty.v1");
        }
    }
    pub mod payment {
        pub mod v1 {
            tonic::include_proto!("hall.payment.v1");
        }
    }
    pub mod split {
        pub mod v1 {
            tonic::include_proto!("hall.split.v1");
        }
    }
    pub mod staff {
        pub mod v1 {
            tonic::include_proto!("hall.staff.v1");
        }
    }
    pub mod table {
        pub mod v1 {
            tonic::include_proto!("hall.table.v1");
        }
    }
    pub mod venue {
        pub mod v1 {
            tonic::include_proto!("hall.venue.v1");
        }
    }
    pub mod view {
        pub mod v1 {
            tonic::include_proto!("hall.view.v1");
        }
    }
    pub mod wallet {
        pub mod v1 {
            tonic::include_proto!("hall.wallet.v1");
        }
    }
}
