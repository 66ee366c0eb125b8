ALTER TABLE `account_state` ADD `last_write_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `account_state` SET `last_write_at` = max(
	coalesce((SELECT max(t.`updated_at`) FROM `tickets` t WHERE t.`account_id` = `account_state`.`account_id`), 0),
	coalesce((SELECT e.`created_at` FROM `events` e WHERE e.`account_id` = `account_state`.`account_id` ORDER BY e.`sequence` DESC LIMIT 1), 0)
);
--> statement-breakpoint
-- What the first statement of a caller's write inserts where the caller's access has ended since the request began.
CREATE TRIGGER `guards_credential` BEFORE INSERT ON `guards` WHEN new.`rule` = 'credential' BEGIN
	SELECT RAISE(ABORT, 'refused:credential');
END;
--> statement-breakpoint
CREATE TRIGGER `guards_role` BEFORE INSERT ON `guards` WHEN new.`rule` = 'role' BEGIN
	SELECT RAISE(ABORT, 'refused:role');
END;
--> statement-breakpoint
DROP TRIGGER `guards_unknown`;
--> statement-breakpoint
CREATE TRIGGER `guards_unknown` BEFORE INSERT ON `guards` WHEN new.`rule` NOT IN ('replay', 'precondition', 'status', 'credential', 'role') BEGIN
	SELECT RAISE(ABORT, 'refused:unknown');
END;
