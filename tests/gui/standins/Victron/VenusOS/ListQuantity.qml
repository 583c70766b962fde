import QtQuick

Row_ {
	id: root

	property VeQuickItem dataItem: VeQuickItem {}
	property int unit: VenusOS.Units_None

	kind: "quantity"
	shown: quantity.shown

	QuantityObject {
		id: quantity
		object: root.dataItem
		unit: root.unit
	}
}
