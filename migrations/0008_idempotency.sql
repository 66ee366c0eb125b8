CREATE TABLE `guards` (
	`rule` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `idempotency_records` (
	`account_id` text NOT NULL,
	`caller_id` text NOT NULL,
	`key_hash` text NOT NULL,
	`request_hash` text NOT NULL,
	`rows` text NOT NULL,
	`secret` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `caller_id`, `key_hash`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_records_by_age` ON `idempotency_records` (`created_at`);--> statement-breakpoint
-- A statement that inserts a rule here, if its condition holds, ends its batch: nothing of it takes effect.
CREATE TRIGGER `guards_replay` BEFORE INSERT ON `guards` WHEN new.`rule` = 'replay' BEGIN
	SELECT RAISE(ABORT, 'refused:replay');
END;
--> statement-breakpoint
CREATE TRIGGER `guards_precondition` BEFORE INSERT ON `guards` WHEN new.`rule` = 'precondition' BEGIN
	SELECT RAISE(ABORT, 'refused:precondition');
END;
--> statement-breakpoint
CREATE TRIGGER `guards_status` BEFORE INSERT ON `guards` WHEN new.`rule` = 'status' BEGIN
	SELECT RAISE(ABORT, 'refused:status');
END;
--> statement-breakpoint
CREATE TRIGGER `guards_unknown` BEFORE INSERT ON `guards` WHEN new.`rule` NOT IN ('replay', 'precondition', 'status') BEGIN
	SELECT RAISE(ABORT, 'refused:unknown');
END;
