pragma Singleton
import QtQuick

// No component of Victron's: the values that VeQuickItem shows, and what was written.
QtObject {
	id: bus

	property var values: ({})
	property var written: []
	// What the service refuses to take, as "uid".
	property var refused: []

	signal changed(string uid)

	function set(uid, value) {
		if (value === null)
			delete bus.values[uid]
		else
			bus.values[uid] = value
		bus.changed(uid)
	}

	function write(uid, value) {
		bus.written.push([uid, value])
		if (bus.refused.indexOf(uid) < 0)
			bus.set(uid, value)
	}
}
