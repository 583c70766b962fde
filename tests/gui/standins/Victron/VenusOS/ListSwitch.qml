import QtQuick

Row_ {
	id: root

	property VeQuickItem dataItem: VeQuickItem {}
	property bool checked: dataItem.value === 1

	kind: "switch"
	shown: checked ? "ON" : "OFF"
	framed: true

	function press() {
		if (dataItem.valid)
			dataItem.setValue(checked ? 0 : 1)
	}
}
