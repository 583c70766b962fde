pragma Singleton
import QtQuick

QtObject {
	function serviceUidForType(type) {
		return "dbus/com.victronenergy." + type
	}
}
