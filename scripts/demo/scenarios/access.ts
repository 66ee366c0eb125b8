import type { Scenario } from './scenario.ts'

export const ACCESS: Scenario[] = [
  {
    title: 'Cannot log in on {device} after the password change',
    description:
      'I changed my password this morning. The web app accepts it, but {device} keeps asking for it again. I have restarted twice.',
    priority: 'high',
    tags: ['login', 'password'],
    fields: { device: '{device}' },
    replies: [
      ['agent', 'Thanks for the details. Please remove the saved password on {device} first, then log in again.'],
      ['customer', 'That worked, thank you!'],
    ],
  },
  {
    title: 'New starter in {site} needs access to {product}',
    description:
      'Our new colleague starts on Monday in {site}. Please set up {product} with the same rights as the team.',
    priority: 'medium',
    tags: ['onboarding', 'access'],
    fields: { site: '{site}', product: '{product}' },
    replies: [
      ['note', 'Approved by the site manager.'],
      ['agent', 'The account is ready. An invitation was sent to the new address.'],
    ],
  },
  {
    title: 'Two-factor codes are rejected in {product}',
    description:
      'Every code from my authenticator is rejected by {product}. The clock of my phone is set automatically.',
    priority: 'high',
    tags: ['login', 'two-factor'],
    fields: { product: '{product}' },
    replies: [
      ['agent', 'Was the phone replaced recently? The old enrollment may still be active.'],
      ['customer', 'Yes, last week. I moved the app with the backup of the old phone.'],
      ['note', 'Backup restored without the secrets. Reset the enrollment.'],
      ['agent', 'I have reset it. Please scan the new code at your next login.'],
    ],
  },
  {
    title: 'Shared mailbox of {site} is missing since the migration',
    description: 'Since last night nobody in {site} sees the shared mailbox. Orders arrive there, so this is urgent.',
    priority: 'critical',
    tags: ['email', 'migration'],
    fields: { site: '{site}' },
    replies: [
      ['agent', 'We are on it. The mailbox exists, only the permissions were not migrated.'],
      ['agent', 'Permissions are restored for the whole group. Please restart your mail program.'],
      ['customer', 'Everything is back. Thanks for the quick help.'],
    ],
  },
  {
    title: 'Kein Zugriff auf {product} aus {site}',
    description:
      'Seit heute Morgen erscheint in {product} die Meldung „Zugriff verweigert“. Betroffen sind alle Arbeitsplätze in {site}.',
    priority: 'high',
    tags: ['access', 'network'],
    fields: { site: '{site}', product: '{product}', language: 'de' },
    replies: [
      ['agent', 'Guten Tag, wir prüfen gerade die Firewall-Regeln. Seit wann genau tritt der Fehler auf?'],
      ['customer', 'Ungefähr seit acht Uhr. Gestern Abend ging noch alles.'],
      ['agent', 'Eine Regel war nach dem Update falsch. Bitte testen Sie noch einmal.'],
    ],
  },
  {
    title: 'VPN disconnects every {n} minutes',
    description:
      'When I work from home, the VPN drops about every {n} minutes. My internet connection itself is stable.',
    priority: 'medium',
    tags: ['vpn', 'network', 'remote-work'],
    replies: [
      ['agent', 'Please send the log file of the VPN client. You find it under Help, Diagnostics.'],
      ['customer', 'Attached to my mail from today. The drops are at 9:12 and 9:41.'],
      ['note', 'The idle timeout of the gateway is shorter than the keep-alive of client {version}.'],
    ],
  },
  {
    title: 'Remove access of a contractor in {site}',
    description: 'The contract ends this Friday. Please deactivate the account and return the license of {product}.',
    priority: 'medium',
    tags: ['offboarding', 'access', 'licenses'],
    fields: { site: '{site}' },
    replies: [['agent', 'Scheduled for Friday at 18:00. The license is released with it.']],
  },
  {
    title: 'Mot de passe oublié pour {product}',
    description:
      "Bonjour, je n'arrive plus à me connecter à {product} et je ne reçois pas le message de réinitialisation.",
    priority: 'low',
    tags: ['login', 'password'],
    fields: { product: '{product}', language: 'fr' },
    replies: [
      ['agent', 'Bonjour, le message était bloqué par le filtre antispam. Je viens de le renvoyer.'],
      ['customer', 'Bien reçu, merci beaucoup !'],
    ],
  },
  {
    title: 'Account locked after a holiday in {month}',
    description: 'I was away for most of {month} and my account is locked now. Could you please unlock it?',
    priority: 'low',
    tags: ['login'],
    replies: [['agent', 'Unlocked. Accounts without a login for 30 days are locked automatically.']],
  },
  {
    title: 'ログインできません（{product}）',
    description: '今朝から{product}にログインできません。パスワードは変更していません。確認をお願いします。',
    priority: 'high',
    tags: ['login'],
    fields: { product: '{product}', language: 'ja' },
    replies: [
      ['agent', 'ご連絡ありがとうございます。サーバー側の問題を修正しました。もう一度お試しください。'],
      ['customer', 'ログインできました。ありがとうございました。'],
    ],
  },
  {
    title: 'Guest Wi-Fi in {site} asks for a certificate',
    description: 'Visitors in {site} get a certificate warning on the guest network since the update to {version}.',
    priority: 'medium',
    tags: ['network', 'wifi', 'certificate'],
    fields: { site: '{site}' },
    replies: [
      ['note', 'The certificate of the portal expired on Sunday.'],
      ['agent', 'A new certificate is installed. Visitors may have to reconnect once.'],
    ],
  },
  {
    title: 'API key of the {product} integration expires in {month}',
    description: 'We got a reminder that the key expires at the end of {month}. How do we rotate it without downtime?',
    priority: 'low',
    tags: ['api', 'integration'],
    fields: { product: '{product}' },
    replies: [
      ['agent', 'Rotate the key and keep the old one valid for a day. Both work during that time.'],
      ['customer', 'Perfect, we will do it during the maintenance window.'],
    ],
  },
]
