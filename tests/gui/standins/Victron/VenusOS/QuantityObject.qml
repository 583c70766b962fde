import QtQuick

QtObject {
	property QtObject object
	property string key: "value"
	property int unit: VenusOS.Units_None

	// Not of Victron's: the number as text.
	readonly property var units: ["", "V", "A", "W", "kWh", "Hz", "°C"]
	readonly property var digits: [0, 1, 2, 0, 2, 1, 1]
	readonly property string shown: object && object[key] !== undefined ? Number(object[key]).toFixed(digits[unit]) + units[unit] : "--"
}
