DROP TRIGGER `ticket_tags_insert`;--> statement-breakpoint
DROP TRIGGER `ticket_tags_update`;--> statement-breakpoint
DROP TRIGGER `ticket_tags_delete`;--> statement-breakpoint
DROP TABLE `ticket_tags`;--> statement-breakpoint
DROP INDEX `users_by_role`;--> statement-breakpoint
CREATE INDEX `users_by_role` ON `users` (`account_id`,`role`,`status`,`created_at`,`id`,`name`,`email_key`) WHERE kind = 'person';
--> statement-breakpoint
CREATE TABLE `ticket_tags` (
	`account_id` text NOT NULL,
	`tag` text NOT NULL,
	`status` text NOT NULL,
	`priority_rank` integer NOT NULL,
	`created_at` integer NOT NULL,
	`number` integer NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`account_id`, `tag`, `status`, `priority_rank`, `created_at`, `number`, `seq`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `ticket_tags_updated` (
	`account_id` text NOT NULL,
	`tag` text NOT NULL,
	`status` text NOT NULL,
	`priority_rank` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`number` integer NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`account_id`, `tag`, `status`, `priority_rank`, `updated_at`, `number`, `seq`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `creator_counters` (
	`account_id` text NOT NULL,
	`created_by` text NOT NULL,
	`assigned_to` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`account_id`, `created_by`, `assigned_to`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `ticket_tags` (`account_id`, `tag`, `status`, `priority_rank`, `created_at`, `number`, `seq`)
SELECT t.`account_id`, j.value, t.`status`, t.`priority_rank`, t.`created_at`, t.`number`, t.`seq`
FROM `tickets` t JOIN json_each(t.`tags`) j;
--> statement-breakpoint
INSERT INTO `ticket_tags_updated` (`account_id`, `tag`, `status`, `priority_rank`, `updated_at`, `number`, `seq`)
SELECT t.`account_id`, j.value, t.`status`, t.`priority_rank`, t.`updated_at`, t.`number`, t.`seq`
FROM `tickets` t JOIN json_each(t.`tags`) j;
--> statement-breakpoint
INSERT INTO `ticket_counters` (`account_id`, `dimension`, `value`, `status`, `priority`, `count`)
SELECT t.`account_id`, 'tag', j.value, t.`status`, t.`priority`, count(*)
FROM `tickets` t JOIN json_each(t.`tags`) j GROUP BY 1, 3, 4, 5;
--> statement-breakpoint
INSERT INTO `creator_counters` (`account_id`, `created_by`, `assigned_to`, `count`)
SELECT `account_id`, `created_by`, coalesce(`assigned_to`, ''), count(*) FROM `tickets` GROUP BY 1, 2, 3;
--> statement-breakpoint
-- Tags. A tag that stays is moved and not written anew: D1 counts a row less.
CREATE TRIGGER `ticket_tags_insert` AFTER INSERT ON `tickets` WHEN new.`tags` <> '[]' BEGIN
	INSERT INTO `ticket_tags` (`account_id`, `tag`, `status`, `priority_rank`, `created_at`, `number`, `seq`)
	SELECT new.`account_id`, j.value, new.`status`, new.`priority_rank`, new.`created_at`, new.`number`, new.`seq`
	FROM json_each(new.`tags`) j;
	INSERT INTO `ticket_tags_updated` (`account_id`, `tag`, `status`, `priority_rank`, `updated_at`, `number`, `seq`)
	SELECT new.`account_id`, j.value, new.`status`, new.`priority_rank`, new.`updated_at`, new.`number`, new.`seq`
	FROM json_each(new.`tags`) j;
	INSERT INTO `ticket_counters` (`account_id`, `dimension`, `value`, `status`, `priority`, `count`)
	SELECT new.`account_id`, 'tag', j.value, new.`status`, new.`priority`, 1 FROM json_each(new.`tags`) j WHERE true
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
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
CREATE TRIGGER `ticket_tags_updated_update` AFTER UPDATE OF `tags`, `status`, `priority`, `updated_at` ON `tickets`
WHEN (old.`tags` <> '[]' OR new.`tags` <> '[]')
	AND (old.`tags` IS NOT new.`tags` OR old.`status` IS NOT new.`status` OR old.`priority` IS NOT new.`priority`
		OR old.`updated_at` IS NOT new.`updated_at`)
BEGIN
	DELETE FROM `ticket_tags_updated`
	WHERE `account_id` = old.`account_id` AND `tag` IN (SELECT value FROM json_each(old.`tags`))
		AND `status` = old.`status` AND `priority_rank` = old.`priority_rank` AND `updated_at` = old.`updated_at`
		AND `number` = old.`number` AND `tag` NOT IN (SELECT value FROM json_each(new.`tags`));
	UPDATE `ticket_tags_updated`
	SET `status` = new.`status`, `priority_rank` = new.`priority_rank`, `updated_at` = new.`updated_at`
	WHERE `account_id` = old.`account_id` AND `tag` IN (SELECT value FROM json_each(old.`tags`))
		AND `status` = old.`status` AND `priority_rank` = old.`priority_rank` AND `updated_at` = old.`updated_at`
		AND `number` = old.`number`
		AND (`status` <> new.`status` OR `priority_rank` <> new.`priority_rank` OR `updated_at` <> new.`updated_at`);
	INSERT INTO `ticket_tags_updated` (`account_id`, `tag`, `status`, `priority_rank`, `updated_at`, `number`, `seq`)
	SELECT new.`account_id`, j.value, new.`status`, new.`priority_rank`, new.`updated_at`, new.`number`, new.`seq`
	FROM json_each(new.`tags`) j
	WHERE j.value NOT IN (SELECT value FROM json_each(old.`tags`));
END;
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
	UPDATE `ticket_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `dimension` = 'tag'
		AND `value` IN (SELECT j.value FROM json_each(old.`tags`) j)
		AND `status` = old.`status` AND `priority` = old.`priority`;
END;
--> statement-breakpoint
-- The assignees of each creator.
CREATE TRIGGER `creator_counters_insert` AFTER INSERT ON `tickets` BEGIN
	INSERT INTO `creator_counters` (`account_id`, `created_by`, `assigned_to`, `count`)
	VALUES (new.`account_id`, new.`created_by`, coalesce(new.`assigned_to`, ''), 1)
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `creator_counters_update` AFTER UPDATE OF `assigned_to`, `created_by` ON `tickets`
WHEN old.`assigned_to` IS NOT new.`assigned_to` OR old.`created_by` IS NOT new.`created_by` BEGIN
	UPDATE `creator_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `created_by` = old.`created_by`
		AND `assigned_to` = coalesce(old.`assigned_to`, '');
	INSERT INTO `creator_counters` (`account_id`, `created_by`, `assigned_to`, `count`)
	VALUES (new.`account_id`, new.`created_by`, coalesce(new.`assigned_to`, ''), 1)
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `creator_counters_delete` AFTER DELETE ON `tickets` BEGIN
	UPDATE `creator_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `created_by` = old.`created_by`
		AND `assigned_to` = coalesce(old.`assigned_to`, '');
END;
