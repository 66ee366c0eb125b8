CREATE TABLE `deliveries` (
	`account_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`id` text NOT NULL,
	`event_id` text NOT NULL,
	`event` text NOT NULL,
	`created_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`retry_at` integer,
	`manual` integer DEFAULT 0 NOT NULL,
	`manual_at` integer,
	`outcome` text,
	`settled_at` integer,
	`last_error` text,
	`due_at` integer GENERATED ALWAYS AS ((CASE WHEN manual > 0 THEN manual_at ELSE retry_at END)) VIRTUAL,
	`status` text GENERATED ALWAYS AS ((CASE WHEN manual > 0 OR retry_at IS NOT NULL THEN 'pending' ELSE coalesce(outcome, 'failed') END)) VIRTUAL,
	PRIMARY KEY(`account_id`, `webhook_id`, `sequence`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `deliveries_by_id` ON `deliveries` (`account_id`,`id`);--> statement-breakpoint
CREATE INDEX `deliveries_by_status` ON `deliveries` (`account_id`,`webhook_id`,`status`,`sequence`);--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`account_id`,`webhook_id`,`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `deliveries_settled` ON `deliveries` (`settled_at`) WHERE settled_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `delivery_attempts` (
	`account_id` text NOT NULL,
	`delivery_id` text NOT NULL,
	`number` integer NOT NULL,
	`at` integer NOT NULL,
	`trigger` text NOT NULL,
	`status_code` integer,
	`duration_ms` integer NOT NULL,
	`error` text,
	`response` text,
	PRIMARY KEY(`account_id`, `delivery_id`, `number`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `replays` (
	`account_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`next_sequence` integer NOT NULL,
	`last_sequence` integer NOT NULL,
	`since` integer NOT NULL,
	`until` integer NOT NULL,
	`only_failed` integer NOT NULL,
	PRIMARY KEY(`account_id`, `webhook_id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhooks` (
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`description` text,
	`include_internal` integer NOT NULL,
	`active` integer NOT NULL,
	`disabled_reason` text,
	`secret` text NOT NULL,
	`previous_secret` text,
	`previous_until` integer,
	`rotated_at` integer,
	`created_at` integer NOT NULL,
	`since_sequence` integer NOT NULL,
	`heard_sequence` integer DEFAULT 0 NOT NULL,
	`deleted_at` integer,
	`next_at` integer,
	`lease_id` text,
	`lease_until` integer DEFAULT 0 NOT NULL,
	`turn_size` integer DEFAULT 0 NOT NULL,
	`slow` integer DEFAULT 0 NOT NULL,
	`failing_since` integer,
	PRIMARY KEY(`account_id`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_by_url` ON `webhooks` (`account_id`,`url`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `webhooks_due` ON `webhooks` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `webhooks_deleted` ON `webhooks` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
DROP INDEX `events_to_fan_out`;--> statement-breakpoint
CREATE INDEX `events_by_ticket` ON `events` (`account_id`,`ticket_id`,`sequence`) WHERE ticket_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`account_id`,`created_at`);--> statement-breakpoint
ALTER TABLE `events` DROP COLUMN `fanned_out_at`;--> statement-breakpoint
DROP INDEX `revoked_tokens_by_expiry`;--> statement-breakpoint
CREATE INDEX `revoked_tokens_by_expiry` ON `revoked_tokens` (`expires_at`);--> statement-breakpoint
ALTER TABLE `account_state` ADD `fanned_out_sequence` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `account_state` ADD `listeners` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `account_state` ADD `pace_minute` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `account_state` ADD `pace_sent` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `account_state` ADD `served_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `account_state_to_fan_out` ON `account_state` (`account_id`) WHERE event_sequence > fanned_out_sequence;--> statement-breakpoint
-- There were no webhooks that could have been told of what has happened so far.
UPDATE `account_state` SET `fanned_out_sequence` = `event_sequence`;
--> statement-breakpoint
CREATE TRIGGER `webhooks_listen_insert` AFTER INSERT ON `webhooks` BEGIN
	UPDATE `account_state` SET `listeners` = (
		SELECT count(*) FROM `webhooks` WHERE `account_id` = new.`account_id` AND `active` = 1)
	WHERE `account_id` = new.`account_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `webhooks_listen_update` AFTER UPDATE OF `active` ON `webhooks` WHEN old.`active` IS NOT new.`active` BEGIN
	UPDATE `account_state` SET `listeners` = (
		SELECT count(*) FROM `webhooks` WHERE `account_id` = new.`account_id` AND `active` = 1)
	WHERE `account_id` = new.`account_id`;
END;
