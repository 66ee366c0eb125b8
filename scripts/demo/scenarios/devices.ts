import type { Scenario } from './scenario.ts'

export const DEVICES: Scenario[] = [
  {
    title: 'Printer on floor {n} in {site} prints blank pages',
    description:
      'The printer next to the kitchen prints blank pages since this morning. The toner was replaced on Friday.',
    priority: 'medium',
    tags: ['printer', 'hardware'],
    fields: { site: '{site}', floor: '{n}' },
    replies: [
      ['agent', 'The seal of the new toner may still be in place. Could somebody pull out the orange strip?'],
      ['customer', 'That was it. Sorry for the trouble!'],
    ],
  },
  {
    title: '{device} does not start after update {version}',
    description:
      '{device} shows a black screen since it installed {version} last night. Holding the power button does not help.',
    priority: 'high',
    tags: ['hardware', 'update'],
    fields: { device: '{device}', version: '{version}' },
    replies: [
      ['agent', 'Please bring it to the service desk. We have seen this on two other devices.'],
      ['note', 'Known fault of {version}. Pause the rollout for this model.'],
      ['agent', 'The firmware is restored. You can collect {device} at the desk.'],
    ],
  },
  {
    title: 'Request: second monitor for a desk in {site}',
    description: 'I work with large spreadsheets and would like a second monitor, 27 inches if possible.',
    priority: 'low',
    tags: ['hardware', 'order'],
    fields: { site: '{site}', cost_center: 'CC-{order}' },
    replies: [
      ['agent', 'Ordered under number {order}. Delivery takes about two weeks.'],
      ['customer', 'It has arrived, thank you.'],
    ],
  },
  {
    title: 'Barcode scanner {n} in the {site} warehouse loses its connection',
    description: 'Scanner {n} loses the connection at the far end of aisle C. The others are fine.',
    priority: 'high',
    tags: ['hardware', 'wifi', 'warehouse'],
    fields: { site: '{site}', scanner: '{n}' },
    replies: [
      ['agent', 'We will measure the signal there tomorrow at nine.'],
      ['note', 'Access point in aisle C has a loose antenna.'],
      ['agent', 'The antenna is fixed. Please tell us if it happens again.'],
      ['customer', 'No drop for two days now.'],
    ],
  },
  {
    title: 'Battery of {device} lasts less than {n} minutes',
    description: 'The battery health shows 61 %. I am often in meetings away from a socket.',
    priority: 'low',
    tags: ['hardware', 'battery'],
    fields: { device: '{device}' },
    replies: [['agent', 'The battery is covered by the warranty. A replacement is ordered under {order}.']],
  },
  {
    title: 'Drucker in {site} meldet Papierstau ohne Papier',
    description:
      'Der Drucker im Flur meldet dauernd Papierstau, obwohl kein Blatt zu sehen ist. Wir haben alle Klappen geprüft.',
    priority: 'medium',
    tags: ['printer', 'hardware'],
    fields: { site: '{site}', language: 'de' },
    replies: [
      ['agent', 'Vermutlich ist ein Sensor verschmutzt. Der Techniker kommt morgen Vormittag.'],
      ['customer', 'Danke, er war da und es läuft wieder.'],
    ],
  },
  {
    title: 'Meeting room {n} in {site}: no sound in video calls',
    description: 'We hear the others, but they cannot hear us. The microphone light is green.',
    priority: 'high',
    tags: ['meeting-room', 'audio'],
    fields: { site: '{site}', room: '{n}' },
    replies: [
      ['agent', 'Please select "Table microphone" in the audio settings of the panel.'],
      ['customer', 'It was set to the camera. Works now!'],
    ],
  },
  {
    title: 'La impresora de {site} no reconoce la tarjeta',
    description:
      'Desde el lunes la impresora de la segunda planta no reconoce mi tarjeta. Las de mis compañeros funcionan.',
    priority: 'low',
    tags: ['printer', 'badge'],
    fields: { site: '{site}', language: 'es' },
    replies: [
      ['agent', 'Hola, hemos vuelto a registrar su tarjeta. ¿Puede probarla otra vez?'],
      ['customer', 'Ya funciona. ¡Muchas gracias!'],
    ],
  },
  {
    title: 'Lost phone of a driver, {device}',
    description: 'A driver lost his phone between {site} and the airport. It has the delivery app and company mail.',
    priority: 'critical',
    tags: ['mobile', 'security'],
    fields: { device: '{device}', site: '{site}' },
    replies: [
      ['agent', 'The phone is locked and will be wiped when it connects. Please file a police report as well.'],
      ['note', 'SIM blocked with the carrier, case {order}.'],
      ['customer', 'Report filed. Can he get a replacement today?'],
      ['agent', 'Yes, it is ready at the desk.'],
    ],
  },
  {
    title: 'Docking station does not charge {device}',
    description: 'The docking station shows a picture and the network works, but {device} is not charged.',
    priority: 'medium',
    tags: ['hardware', 'docking'],
    fields: { device: '{device}' },
    replies: [['agent', 'This model needs the 130 W power supply. I have sent one with the internal mail.']],
  },
  {
    title: 'Fan noise of the server rack in {site}',
    description: 'The rack in the small room in {site} is much louder than usual, and the room feels warm.',
    priority: 'critical',
    tags: ['hardware', 'datacenter'],
    fields: { site: '{site}', temperature: 34.5 },
    replies: [
      ['note', 'The air conditioning stopped at 04:10. Temperature 34.5 °C.'],
      ['agent', 'A technician is on site. We have moved the workloads to the second rack.'],
      ['agent', 'The air conditioning runs again, and the temperature is back to normal.'],
    ],
  },
  {
    title: 'Skaner w magazynie {site} nie czyta etykiet',
    description: 'Skaner numer {n} nie odczytuje nowych etykiet. Stare etykiety działają poprawnie.',
    priority: 'medium',
    tags: ['hardware', 'warehouse', 'labels'],
    fields: { site: '{site}', scanner: '{n}', language: 'pl' },
    replies: [
      ['agent', 'Dzień dobry, nowe etykiety używają innego kodu. Wysłaliśmy aktualizację {version}.'],
      ['customer', 'Po aktualizacji wszystko działa. Dziękuję!'],
    ],
  },
]
