ALTER TABLE `account_state` ADD `stored_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `account_state` SET `stored_bytes` = (
	SELECT coalesce(sum(`size`), 0) FROM `attachments` WHERE `attachments`.`account_id` = `account_state`.`account_id`);
--> statement-breakpoint
CREATE TRIGGER `attachments_bytes_insert` AFTER INSERT ON `attachments` BEGIN
	UPDATE `account_state` SET `stored_bytes` = `stored_bytes` + new.`size` WHERE `account_id` = new.`account_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `attachments_bytes_delete` AFTER DELETE ON `attachments` BEGIN
	UPDATE `account_state` SET `stored_bytes` = `stored_bytes` - old.`size` WHERE `account_id` = old.`account_id`;
END;
--> statement-breakpoint
-- What an account may hold, by the plan that it has now. src/attachments/queries.ts says the same before an upload.
CREATE TRIGGER `attachments_guard_storage` BEFORE INSERT ON `attachments` BEGIN
	SELECT RAISE(ABORT, 'refused:storage')
	FROM `account_state` s JOIN `accounts` a ON a.`id` = s.`account_id`
	WHERE s.`account_id` = new.`account_id`
		AND s.`stored_bytes` + new.`size` > CASE a.`plan` WHEN 'premium' THEN 100000000000 ELSE 5000000000 END;
END;
