//! THE registry of columns that hold bytes: which are sealed, and which are not because they tell nothing.
//!
//! Whoever seals a value names its column here. A test holds the two lists against the migrations: a column that
//! stands in neither, or in both, fails, so that a rotation or an export can forget none.

use crate::sealing::Column;

/// Sealed under a data key: the owner's, the site's, or a document's own.
pub const SEALED: [Column; 26] = [
    ACCOUNT_EMAIL,
    ACCOUNT_PASSWORD,
    PENDING_REQUEST,
    DRAFT_ANSWERS,
    DEVICE_NAME,
    TOTP_SECRET,
    JOB_PAYLOAD,
    APPLICATION_ANSWERS,
    APPLICATION_DETERMINATION,
    NOTICE_BODY,
    VERIFICATION_ANSWER,
    REDETERMINATION_HOUSEHOLD,
    REDETERMINATION_DETERMINATION,
    APPEAL_BODY,
    ASIDE_BODY,
    DOCUMENT_SECRET,
    DOCUMENT_NAME,
    DOCUMENT_BODY,
    DESK_USER_PASSWORD,
    DESK_USER_SECRET,
    TRANSFER_BODY,
    PLAN_CHOICE_BODY,
    ENROLLMENT_SIGNED,
    ENROLLMENT_CHANGE_BODY,
    TAX_RECORD_BODY,
    INSURER_FILE_BODY,
];

pub const ACCOUNT_EMAIL: Column = Column { table: "account", column: "email" };
pub const ACCOUNT_PASSWORD: Column = Column { table: "account", column: "password" };
pub const PENDING_REQUEST: Column = Column { table: "pending", column: "request" };
pub const DRAFT_ANSWERS: Column = Column { table: "draft", column: "answers" };
pub const DEVICE_NAME: Column = Column { table: "device", column: "name" };
pub const TOTP_SECRET: Column = Column { table: "totp", column: "secret" };
pub const JOB_PAYLOAD: Column = Column { table: "job", column: "payload" };
pub const APPLICATION_ANSWERS: Column = Column { table: "application", column: "answers" };
pub const APPLICATION_DETERMINATION: Column = Column { table: "application", column: "determination" };
pub const NOTICE_BODY: Column = Column { table: "notice", column: "body" };
pub const VERIFICATION_ANSWER: Column = Column { table: "verification", column: "answer" };
pub const REDETERMINATION_HOUSEHOLD: Column = Column { table: "redetermination", column: "household" };
pub const REDETERMINATION_DETERMINATION: Column = Column { table: "redetermination", column: "determination" };
pub const APPEAL_BODY: Column = Column { table: "appeal", column: "body" };
/// Under the site's key, whoever it is about: an operator has to be able to read it.
pub const ASIDE_BODY: Column = Column { table: "aside", column: "body" };
pub const DOCUMENT_SECRET: Column = Column { table: "document", column: "secret" };
/// Under the document's own key, and so is the next.
pub const DOCUMENT_NAME: Column = Column { table: "document", column: "name" };
pub const DOCUMENT_BODY: Column = Column { table: "document_body", column: "body" };
/// Under the site's key, and so is the next.
pub const DESK_USER_PASSWORD: Column = Column { table: "desk_user", column: "password" };
pub const DESK_USER_SECRET: Column = Column { table: "desk_user", column: "secret" };

pub const TRANSFER_BODY: Column = Column { table: "transfer", column: "body" };

/// Its row is the application.
pub const PLAN_CHOICE_BODY: Column = Column { table: "plan_choice", column: "body" };
pub const ENROLLMENT_SIGNED: Column = Column { table: "enrollment", column: "signed" };
pub const ENROLLMENT_CHANGE_BODY: Column = Column { table: "enrollment_change", column: "body" };
pub const TAX_RECORD_BODY: Column = Column { table: "tax_record", column: "body" };
/// For the site.
pub const INSURER_FILE_BODY: Column = Column { table: "insurer_file", column: "body" };

/// Bytes that are no person's words: hashes, MACs, wrapped keys.
pub const NOT_SEALED: [Column; 16] = [
    Column { table: "data_key", column: "wrapped" },
    Column { table: "audit", column: "chain" },
    Column { table: "audit_lane", column: "chain" },
    Column { table: "audit_lane", column: "mark" },
    Column { table: "lookup", column: "mac" },
    Column { table: "session", column: "id_hash" },
    Column { table: "pending", column: "session" },
    Column { table: "resume_code", column: "code_hash" },
    Column { table: "device", column: "token_hash" },
    Column { table: "recovery_code", column: "code_hash" },
    Column { table: "mailed_code", column: "code_hash" },
    Column { table: "sent_code", column: "code_hash" },
    Column { table: "guess", column: "bucket" },
    Column { table: "document", column: "mark" },
    Column { table: "desk_user", column: "code_hash" },
    Column { table: "desk_session", column: "id_hash" },
];
