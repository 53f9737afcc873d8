//! Enums kept as text.

/// Declares an enum whose variants are stored as the given texts.
macro_rules! text_enum {
    ($(#[$doc:meta])* pub enum $Name:ident { $($(#[$variant_doc:meta])* $Variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $Name { $($(#[$variant_doc])* $Variant),+ }

        impl $Name {
            /// The stored text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $text),+ }
            }
        }

        impl sqlx::Type<sqlx::Postgres> for $Name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }

            fn compatible(info: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(info)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $Name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <String as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl sqlx::Encode<'_, sqlx::Postgres> for $Name {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&str as sqlx::Encode<'_, sqlx::Postgres>>::encode_by_ref(&self.as_str(), buffer)
            }
        }

        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $Name {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                match <&str as sqlx::Decode<'r, sqlx::Postgres>>::decode(value)? {
                    $($text => Ok(Self::$Variant),)+
                    other => Err(format!(concat!("{:?} is no ", stringify!($Name)), other).into()),
                }
            }
        }
    };
}
pub(crate) use text_enum;
