CREATE TABLE `backfills` (
	`name` text PRIMARY KEY NOT NULL,
	`position` text NOT NULL,
	`started_at` integer
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `erasures` (
	`account_id` text NOT NULL,
	`ticket_id` text NOT NULL,
	`comment_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`event_sequence` integer DEFAULT 0 NOT NULL,
	`record_caller` text DEFAULT '' NOT NULL,
	`record_key` text DEFAULT '' NOT NULL,
	PRIMARY KEY(`account_id`, `ticket_id`, `comment_id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `erasures_due` ON `erasures` (`due_at`);--> statement-breakpoint
ALTER TABLE `idempotency_records` ADD `ticket_id` text;--> statement-breakpoint
CREATE INDEX `idempotency_records_by_ticket` ON `idempotency_records` (`account_id`,`ticket_id`,`caller_id`,`key_hash`) WHERE ticket_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `ticket_history` ADD `comment_id` text;--> statement-breakpoint
CREATE INDEX `ticket_history_by_comment` ON `ticket_history` (`account_id`,`comment_id`) WHERE comment_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `events` ADD `comment_id` text;
--> statement-breakpoint
-- Events and counters of earlier releases hold texts of deleted tickets. The sweep finds them in steps.
INSERT INTO `backfills` (`name`, `position`) VALUES ('erasures', '0'), ('tag_counters', '');
--> statement-breakpoint
-- Without this, the full-text index keeps the words of a deleted ticket until its segments are merged.
INSERT INTO `tickets_fts` (`tickets_fts`, rank) VALUES ('secure-delete', 1);
--> statement-breakpoint
-- As before, but a counter that would become 0 is deleted: its key is the text of a tag.
DROP TRIGGER `ticket_tags_update`;
--> statement-breakpoint
CREATE TRIGGER `ticket_tags_update` AFTER UPDATE OF `tags`, `status`, `priority` ON `tickets`
WHEN old.`tags` IS NOT new.`tags` OR old.`status` IS NOT new.`status` OR old.`priority` IS NOT new.`priority`
BEGIN
	DELETE FROM `ticket_tags`
	WHERE `account_id` = old.`account_id` AND `tag` IN (SELECT value FROM json_each(old.`tags`))
		AND `status` = old.`status` AND `priority_rank` = old.`priority_rank` AND `created_at` = old.`created_at`
		AND `number` = old.`number` AND `tag` NOT IN (SELECT value FROM json_each(new.`tags`));
	UPDATE `ticket_tags` SET `status` = new.`status`, `priority_rank` = new.`priority_rank`
	WHERE `account_id` = old.`account_id` AND `tag` IN (SELECT value FROM json_each(old.`tags`))
		AND `status` = old.`status` AND `priority_rank` = old.`priority_rank` AND `created_at` = old.`created_at`
		AND `number` = old.`number`
		AND (`status` <> new.`status` OR `priority_rank` <> new.`priority_rank`);
	INSERT INTO `ticket_tags` (`account_id`, `tag`, `status`, `priority_rank`, `created_at`, `number`, `seq`)
	SELECT new.`account_id`, j.value, new.`status`, new.`priority_rank`, new.`created_at`, new.`number`, new.`seq`
	FROM json_each(new.`tags`) j
	WHERE j.value NOT IN (SELECT value FROM json_each(old.`tags`));
	DELETE FROM `ticket_counters`
	WHERE `account_id` = old.`account_id` AND `dimension` = 'tag'
		AND `value` IN (SELECT j.value FROM json_each(old.`tags`) j)
		AND `status` = old.`status` AND `priority` = old.`priority`
		AND (`status` <> new.`status` OR `priority` <> new.`priority`
			OR `value` NOT IN (SELECT j.value FROM json_each(new.`tags`) j))
		AND `count` = 1;
	UPDATE `ticket_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `dimension` = 'tag'
		AND `value` IN (SELECT j.value FROM json_each(old.`tags`) j)
		AND `status` = old.`status` AND `priority` = old.`priority`
		AND (`status` <> new.`status` OR `priority` <> new.`priority`
			OR `value` NOT IN (SELECT j.value FROM json_each(new.`tags`) j));
	INSERT INTO `ticket_counters` (`account_id`, `dimension`, `value`, `status`, `priority`, `count`)
	SELECT new.`account_id`, 'tag', j.value, new.`status`, new.`priority`, 1 FROM json_each(new.`tags`) j
	WHERE old.`status` <> new.`status` OR old.`priority` <> new.`priority`
		OR j.value NOT IN (SELECT value FROM json_each(old.`tags`))
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
DROP TRIGGER `ticket_tags_delete`;
--> statement-breakpoint
CREATE TRIGGER `ticket_tags_delete` AFTER DELETE ON `tickets` WHEN old.`tags` <> '[]' BEGIN
	DELETE FROM `ticket_tags`
	WHERE `account_id` = old.`account_id` AND `tag` IN (SELECT value FROM json_each(old.`tags`))
		AND `status` = old.`status` AND `priority_rank` = old.`priority_rank` AND `created_at` = old.`created_at`
		AND `number` = old.`number`;
	DELETE FROM `ticket_tags_updated`
	WHERE `account_id` = old.`account_id` AND `tag` IN (SELECT value FROM json_each(old.`tags`))
		AND `status` = old.`status` AND `priority_rank` = old.`priority_rank` AND `updated_at` = old.`updated_at`
		AND `number` = old.`number`;
	DELETE FROM `ticket_counters`
	WHERE `account_id` = old.`account_id` AND `dimension` = 'tag'
		AND `value` IN (SELECT j.value FROM json_each(old.`tags`) j)
		AND `status` = old.`status` AND `priority` = old.`priority`
		AND `count` = 1;
	UPDATE `ticket_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `dimension` = 'tag'
		AND `value` IN (SELECT j.value FROM json_each(old.`tags`) j)
		AND `status` = old.`status` AND `priority` = old.`priority`;
END;
