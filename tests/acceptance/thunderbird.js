// What a person does in Thunderbird, as functions: by the same calls as its dialogs and menus make.

const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { CalEvent } = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
const { CalAttendee } = ChromeUtils.importESModule("resource:///modules/CalAttendee.sys.mjs");

const mainWindow = () => Services.wm.getMostRecentWindow("mail:3pane");

function calendarNamed(user, name) {
  const found = cal.manager.getCalendars().find(
    calendar => calendar.getProperty("username") == user && calendar.name == name);
  if (!found) {
    throw new Error(`no calendar ${name} of ${user}`);
  }
  return found;
}

async function itemOf(user, name, uid) {
  const item = await calendarNamed(user, name).getItem(uid);
  if (!item) {
    throw new Error(`no event ${uid} in ${name} of ${user}`);
  }
  return item;
}

/** Until the calendar has said that it is loaded. */
function loaded(calendar, act) {
  return new Promise((resolve, reject) => {
    const nothing = () => {};
    const observer = {
      QueryInterface: ChromeUtils.generateQI(["calIObserver"]),
      onStartBatch: nothing, onEndBatch: nothing, onAddItem: nothing, onModifyItem: nothing, onDeleteItem: nothing,
      onPropertyChanged: nothing, onPropertyDeleting: nothing,
      onLoad(which) {
        if (which.id == calendar.id) {
          calendar.removeObserver(observer);
          resolve();
        }
      },
      onError(which, number, message) {
        reject(new Error(`${which?.name}: ${message}`));
      },
    };
    calendar.addObserver(observer);
    act();
  });
}

/** New Calendar, On the Network: gives name, address, whether it may be written, who organizes from it. */
async function addAccount(user, password, location) {
  const found = await cal.provider.detection.detect(user, password, location, true, [], {});
  const calendars = [...found].filter(([provider]) => provider.type == "caldav").flatMap(([, list]) => list);
  for (const calendar of calendars) {
    calendar.setProperty("cache.enabled", true);
    cal.manager.registerCalendar(calendar);
    await refresh(user, calendar.name);
  }
  return calendars.map(({ name, uri }) => {
    const calendar = calendarNamed(user, name);
    return {
      name,
      path: uri.filePath,
      readOnly: calendar.readOnly,
      schedules: calendar.getProperty("capabilities.autoschedule.supported"),
      organizer: calendar.getProperty("organizerId"),
      colour: calendar.getProperty("color"),
    };
  });
}

/** Unsubscribe from every calendar on the network. */
async function removeAccounts() {
  for (const calendar of cal.manager.getCalendars().filter(one => one.type == "caldav")) {
    cal.manager.removeCalendar(calendar, cal.manager.REMOVE_NO_DELETE);
  }
}

/** Synchronize. */
async function refresh(user, name) {
  const calendar = calendarNamed(user, name);
  await loaded(calendar, () => calendar.refresh());
}

/** The texts of all events, as this program has them. */
async function events(user, name) {
  const items = await calendarNamed(user, name).getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
  return items.map(item => item.icalString);
}

async function draw(user, name, text) {
  const calendar = calendarNamed(user, name);
  await mainWindow().doTransaction("add", new CalEvent(text), calendar, null, null);
}

/** A new event with people to be invited. */
async function invite(user, name, text, addresses) {
  const calendar = calendarNamed(user, name);
  const event = new CalEvent(text);
  const organizer = new CalAttendee();
  organizer.id = calendar.getProperty("organizerId");
  organizer.isOrganizer = true;
  organizer.role = "REQ-PARTICIPANT";
  organizer.participationStatus = "ACCEPTED";
  event.organizer = organizer;
  for (const address of addresses) {
    const attendee = new CalAttendee();
    attendee.id = `mailto:${address}`;
    attendee.role = "REQ-PARTICIPANT";
    attendee.rsvp = "TRUE";
    attendee.participationStatus = "NEEDS-ACTION";
    event.addAttendee(attendee);
  }
  await mainWindow().doTransaction("add", event, calendar, null, null);
}

/** What is shown of the people invited: address to answer. */
async function answers(user, name, uid) {
  const item = await itemOf(user, name, uid);
  return Object.fromEntries(item.getAttendees().map(one => [one.id, one.participationStatus]));
}

/** Drag the event to another start (ISO 8601, UTC). Who `overwrite`s says so when asked first, and gives in then. */
async function move(user, name, uid, start, overwrite = null) {
  const old = await itemOf(user, name, uid);
  const moved = old.clone();
  const target = cal.dtz.jsDateToDateTime(new Date(start), cal.dtz.UTC).getInTimezone(old.startDate.timezone);
  const length = old.duration;
  moved.startDate = target;
  const end = target.clone();
  end.addDuration(length);
  moved.endDate = end;
  let asked = 0;
  const prompt = cal.provider.promptOverwrite;
  cal.provider.promptOverwrite = () => {
    asked++;
    return overwrite && asked == 1;
  };
  try {
    await mainWindow().doTransaction("modify", moved, old.calendar, old, null);
  } finally {
    cal.provider.promptOverwrite = prompt;
  }
  return asked;
}

/** Delete the event, or with `day` (YYYY-MM-DD) its occurrence on that day only. */
async function remove(user, name, uid, day = null) {
  const item = await itemOf(user, name, uid);
  if (!day) {
    await mainWindow().doTransaction("delete", item, item.calendar, null, null);
    return;
  }
  const from = cal.dtz.jsDateToDateTime(new Date(`${day}T00:00:00Z`), cal.dtz.UTC);
  const until = cal.dtz.jsDateToDateTime(new Date(`${day}T23:59:59Z`), cal.dtz.UTC);
  const [occurrence] = item.recurrenceInfo.getOccurrences(from, until, 0);
  const without = item.clone();
  without.recurrenceInfo.removeOccurrenceAt(occurrence.recurrenceId);
  await mainWindow().doTransaction("modify", without, item.calendar, item, null);
}

/** Edit, Undo. */
async function undo() {
  const { CalTransactionManager } = ChromeUtils.importESModule("resource:///modules/CalTransactionManager.sys.mjs");
  await CalTransactionManager.getInstance().undo();
}

/** The times in which somebody is busy, as the dialog for inviting people shows them. */
function busy(address, from, until) {
  const time = text => cal.dtz.jsDateToDateTime(new Date(text), cal.dtz.UTC);
  const shown = [];
  return new Promise(resolve => {
    const listener = {
      onResult(operation, intervals) {
        for (const interval of intervals ?? []) {
          shown.push([interval.freeBusyType, interval.interval.start.icalString, interval.interval.end.icalString]);
        }
        if (!operation || !operation.isPending) {
          resolve(shown);
        }
      },
    };
    cal.freeBusyService.getFreeBusyIntervals(
      `mailto:${address}`, time(from), time(until), Ci.calIFreeBusyInterval.BUSY_ALL, listener);
  });
}

const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");

/** What is true at last, awaited. */
async function until(find) {
  for (;;) {
    const found = await find();
    if (found) {
      return found;
    }
    await new Promise(resolve => mainWindow().setTimeout(resolve, 50));
  }
}

/** New Account, for mail to somebody whose calendar is on this computer, with the name Own. */
async function addMailAccount(address) {
  const { accounts, outgoingServer } = MailServices;
  const sending = outgoingServer.createServer("smtp");
  sending.QueryInterface(Ci.nsISmtpServer).hostname = "smtp.invalid";
  const identity = accounts.createIdentity();
  identity.email = address;
  identity.smtpServerKey = sending.key;
  try {
    accounts.localFoldersServer;
  } catch {
    accounts.createLocalMailAccount();
  }
  const account = accounts.createAccount();
  account.incomingServer = accounts.createIncomingServer(address.split("@")[0], "pop.invalid", "pop3");
  account.addIdentity(identity);
  const home = cal.manager.createCalendar("storage", Services.io.newURI("moz-storage-calendar://"));
  home.name = "Own";
  cal.manager.registerCalendar(home);
  home.setProperty("disabled", false);
  home.setProperty("imip.identity.key", identity.key);
}

/** Remove Account, and the calendar. */
async function removeMailAccounts() {
  const { accounts } = MailServices;
  for (const account of accounts.accounts) {
    if (account.incomingServer.type != "none") {
      accounts.removeAccount(account, true);
    }
  }
  cal.manager.getCalendars().filter(one => one.name == "Own").forEach(one => cal.manager.removeCalendar(one));
}

const mailShown = () => mainWindow().document.getElementById("tabmail").currentAboutMessage;

/** A mail comes and is opened, until `button` is above it: what is said there, how deep it is in its conversation. */
async function receive(text, button) {
  const folder = MailServices.accounts.localFoldersServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Trash);
  const { messageId } = folder.QueryInterface(Ci.nsIMsgLocalMailFolder).addMessage(text);
  const header = folder.msgDatabase.getMsgHdrForMessageID(messageId);
  const tabs = mainWindow().document.getElementById("tabmail");
  const pane = await until(() => tabs.currentAbout3Pane?.threadTree && tabs.currentAbout3Pane);
  pane.displayFolder(folder.URI);
  const row = await until(() => {
    const shown = pane.gDBView?.msgFolder?.URI == folder.URI;
    const found = shown ? pane.gDBView.findIndexOfMsgHdr(header, true) : Infinity;
    return found < pane.gDBView?.rowCount && { found };
  });
  pane.threadTree.selectedIndex = row.found;
  await until(() => mailShown()?.gMessage?.messageId == messageId
    && mailShown().document.getElementById(button)?.getBoundingClientRect().width);
  return [mailShown().document.getElementById("imip-bar").textContent.trim(), pane.gDBView.getLevel(row.found)];
}

/** The answer to the mail by one of the entries above it; the events of Own, once they have changed. */
async function answer(entry) {
  const before = String(await events(null, "Own"));
  mailShown().document.getElementById(entry).doCommand();
  return until(async () => {
    const now = await events(null, "Own");
    return String(now) != before && now;
  });
}
