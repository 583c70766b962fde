import QtQuick

QtObject {
	id: item

	property string uid
	property var value: Bus.values[uid]
	readonly property bool valid: value !== undefined
	property Connections watch: Connections {
		target: Bus
		function onChanged(uid) {
			if (uid === item.uid)
				item.value = Bus.values[uid]
		}
	}

	function setValue(value) {
		Bus.write(uid, value)
	}
}
