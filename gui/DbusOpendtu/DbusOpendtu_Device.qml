import QtQuick
import Victron.VenusOS
import "DbusOpendtu_words.js" as Words

// One device and what can be set of it. uid is its place below com.victronenergy.opendtu/Devices.
Page {
	id: root

	required property string service
	required property string uid

	VeQuickItem {
		id: gatewayItem
		uid: root.uid + "/Gateway"
	}
	VeQuickItem {
		id: gatewayAddressItem
		uid: gatewayItem.valid ? root.service + "/Gateways/" + gatewayItem.value + "/Address" : ""
	}
	VeQuickItem {
		id: limitFinalItem
		uid: root.uid + "/PowerLimit/Final"
	}
	VeQuickItem {
		id: limitEnabledItem
		uid: root.uid + "/PowerLimit/Enabled"
	}
	VeQuickItem {
		id: limitLeastItem
		uid: root.uid + "/PowerLimit/Min"
	}
	VeQuickItem {
		id: limitMostItem
		uid: root.uid + "/PowerLimit/Max"
	}
	VeQuickItem {
		id: switchFinalItem
		uid: root.uid + "/Switch/Final"
	}
	VeQuickItem {
		id: switchEnabledItem
		uid: root.uid + "/Switch/Enabled"
	}

	function fixed(value) {
		return value === 1 ? qsTrId("opendtu_fixed_on") : qsTrId("opendtu_fixed_off")
	}

	GradientListView {
		model: VisibleItemModel {
			ListText {
				text: qsTrId("opendtu_state")
				dataItem.uid: root.uid + "/State"
				secondaryText: Words.device(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_last_error")
				dataItem.uid: root.uid + "/LastError"
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_power")
				dataItem.uid: root.uid + "/Power"
				unit: VenusOS.Units_Watt
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_today")
				dataItem.uid: root.uid + "/EnergyToday"
				unit: VenusOS.Units_Energy_KiloWattHour
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_total")
				dataItem.uid: root.uid + "/Energy"
				unit: VenusOS.Units_Energy_KiloWattHour
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_max_power")
				dataItem.uid: root.uid + "/MaxPower"
				unit: VenusOS.Units_Watt
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_age")
				dataItem.uid: root.uid + "/Age"
				secondaryText: Words.age(dataItem.value)
				preferredVisible: dataItem.valid
			}

			SettingsListHeader {
				text: qsTrId("opendtu_settings")
			}
			ListSwitch {
				text: qsTrId("opendtu_enabled")
				dataItem.uid: root.uid + "/Enabled"
				preferredVisible: dataItem.valid
			}
			ListSwitch {
				text: qsTrId("opendtu_limiting")
				dataItem.uid: root.uid + "/PowerLimit/Enabled"
				preferredVisible: dataItem.valid && limitFinalItem.value !== 1
			}
			ListText {
				text: qsTrId("opendtu_limiting")
				secondaryText: root.fixed(limitEnabledItem.value)
				preferredVisible: limitEnabledItem.valid && limitFinalItem.value === 1
			}
			ListTextField {
				text: qsTrId("opendtu_manual_limit").arg(Words.number(limitLeastItem.value))
					.arg(Words.number(limitMostItem.value))
				dataItem.uid: root.uid + "/PowerLimit/Manual"
				textField.inputMethodHints: Qt.ImhFormattedNumbersOnly
				preferredVisible: dataItem.valid && limitEnabledItem.value === 1
				saveInput: function() {
					const watts = Words.limit(textField.text, limitLeastItem.value, limitMostItem.value)
					if (isNaN(watts))
						textField.text = Qt.binding(function() { return Words.number(dataItem.value) })
					else
						dataItem.setValue(watts)
				}
			}
			ListQuantity {
				text: qsTrId("opendtu_limit_in_force")
				dataItem.uid: root.uid + "/PowerLimit/Limit"
				unit: VenusOS.Units_Watt
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_limit_state")
				dataItem.uid: root.uid + "/PowerLimit/State"
				preferredVisible: dataItem.valid
			}
			ListSwitch {
				text: qsTrId("opendtu_switching")
				dataItem.uid: root.uid + "/Switch/Enabled"
				preferredVisible: dataItem.valid && switchFinalItem.value !== 1
			}
			ListText {
				text: qsTrId("opendtu_switching")
				secondaryText: root.fixed(switchEnabledItem.value)
				preferredVisible: switchEnabledItem.valid && switchFinalItem.value === 1
			}

			SettingsListHeader {
				text: qsTrId("opendtu_about")
			}
			ListText {
				text: qsTrId("opendtu_product")
				dataItem.uid: root.uid + "/Product"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_serial")
				dataItem.uid: root.uid + "/Serial"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_gateway")
				secondaryText: gatewayAddressItem.valid ? gatewayAddressItem.value : Words.number(gatewayItem.value)
				preferredVisible: gatewayItem.valid
			}
			ListText {
				text: qsTrId("opendtu_service")
				dataItem.uid: root.uid + "/Service"
				preferredVisible: dataItem.valid
			}
		}
	}
}
