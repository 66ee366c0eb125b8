CREATE TABLE `account_state` (
	`account_id` text PRIMARY KEY NOT NULL,
	`ticket_number` integer NOT NULL,
	`event_sequence` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`plan` text NOT NULL,
	`allow_registration` integer NOT NULL,
	`created_at` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_slug_unique` ON `accounts` (`slug`);--> statement-breakpoint
CREATE TABLE `attachments` (
	`seq` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`ticket_id` text NOT NULL,
	`comment_id` text,
	`is_internal` integer NOT NULL,
	`filename` text NOT NULL,
	`size` integer NOT NULL,
	`mime_type` text NOT NULL,
	`sha256` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`,`ticket_id`) REFERENCES `tickets`(`account_id`,`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `attachments_by_id` ON `attachments` (`account_id`,`id`);--> statement-breakpoint
CREATE INDEX `attachments_by_ticket` ON `attachments` (`account_id`,`ticket_id`);--> statement-breakpoint
CREATE INDEX `attachments_public_by_ticket` ON `attachments` (`account_id`,`ticket_id`) WHERE is_internal = 0;--> statement-breakpoint
CREATE INDEX `attachments_by_comment` ON `attachments` (`account_id`,`comment_id`) WHERE comment_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `comments` (
	`seq` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`ticket_id` text NOT NULL,
	`created_by` text NOT NULL,
	`content` text NOT NULL,
	`is_internal` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`,`ticket_id`) REFERENCES `tickets`(`account_id`,`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `comments_by_id` ON `comments` (`account_id`,`id`);--> statement-breakpoint
CREATE INDEX `comments_by_ticket` ON `comments` (`account_id`,`ticket_id`);--> statement-breakpoint
CREATE INDEX `comments_public_by_ticket` ON `comments` (`account_id`,`ticket_id`) WHERE is_internal = 0;--> statement-breakpoint
CREATE TABLE `events` (
	`seq` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`id` text NOT NULL,
	`type` text NOT NULL,
	`ticket_id` text,
	`is_internal` integer NOT NULL,
	`data` text NOT NULL,
	`created_at` integer NOT NULL,
	`fanned_out_at` integer
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `events_by_sequence` ON `events` (`account_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `events_to_fan_out` ON `events` (`account_id`,`sequence`) WHERE fanned_out_at IS NULL;--> statement-breakpoint
CREATE TABLE `logins` (
	`email_key` text NOT NULL,
	`account_id` text NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`email_key`, `account_id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `object_intents` (
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `object_intents_by_age` ON `object_intents` (`created_at`);--> statement-breakpoint
CREATE TABLE `ticket_counters` (
	`account_id` text NOT NULL,
	`dimension` text NOT NULL,
	`value` text NOT NULL,
	`status` text NOT NULL,
	`priority` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`account_id`, `dimension`, `value`, `status`, `priority`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `ticket_history` (
	`seq` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`ticket_id` text NOT NULL,
	`change_id` text NOT NULL,
	`actor_id` text NOT NULL,
	`field` text NOT NULL,
	`previous` text NOT NULL,
	`current` text NOT NULL,
	`created_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `ticket_history_by_ticket` ON `ticket_history` (`account_id`,`ticket_id`);--> statement-breakpoint
CREATE INDEX `ticket_history_by_change` ON `ticket_history` (`account_id`,`change_id`);--> statement-breakpoint
CREATE TABLE `ticket_tags` (
	`account_id` text NOT NULL,
	`tag` text NOT NULL,
	`ticket_seq` integer NOT NULL,
	PRIMARY KEY(`account_id`, `tag`, `ticket_seq`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tickets` (
	`seq` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`number` integer NOT NULL,
	`version` integer NOT NULL,
	`title` text NOT NULL,
	`description` text NOT NULL,
	`status` text NOT NULL,
	`priority` text NOT NULL,
	`priority_rank` integer GENERATED ALWAYS AS ((CASE priority WHEN 'low' THEN 0 WHEN 'medium' THEN 1 WHEN 'high' THEN 2 ELSE 3 END)) VIRTUAL,
	`created_by` text NOT NULL,
	`assigned_to` text,
	`tags` text NOT NULL,
	`custom_fields` text NOT NULL,
	`public_comments` integer DEFAULT 0 NOT NULL,
	`internal_comments` integer DEFAULT 0 NOT NULL,
	`public_attachments` integer DEFAULT 0 NOT NULL,
	`internal_attachments` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`,`created_by`) REFERENCES `users`(`account_id`,`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `tickets_by_id` ON `tickets` (`account_id`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `tickets_by_number` ON `tickets` (`account_id`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_created` ON `tickets` (`account_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `tickets_by_updated` ON `tickets` (`account_id`,`updated_at`);--> statement-breakpoint
CREATE INDEX `tickets_by_priority` ON `tickets` (`account_id`,`priority_rank`,`created_at`);--> statement-breakpoint
CREATE INDEX `tickets_by_status` ON `tickets` (`account_id`,`status`,`created_at`);--> statement-breakpoint
CREATE INDEX `tickets_by_assignee` ON `tickets` (`account_id`,`assigned_to`,`created_at`);--> statement-breakpoint
CREATE INDEX `tickets_by_creator` ON `tickets` (`account_id`,`created_by`,`created_at`);--> statement-breakpoint
CREATE TABLE `users` (
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`email` text NOT NULL,
	`email_key` text NOT NULL,
	`role` text NOT NULL,
	`status` text NOT NULL,
	`password_hash` text,
	`credential_generation` integer NOT NULL,
	`created_at` integer NOT NULL,
	`last_login_at` integer,
	PRIMARY KEY(`account_id`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_email` ON `users` (`account_id`,`email_key`);--> statement-breakpoint
CREATE INDEX `users_by_age` ON `users` (`account_id`,`created_at`,`id`);