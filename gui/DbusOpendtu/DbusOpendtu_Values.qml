import QtQuick
import Victron.VenusOS
import "DbusOpendtu_words.js" as Words

// In the list of devices, at the end of the page of each of ours: what Victron's own page has no row for.
DeviceListPluginPage {
	id: root

	readonly property string uid: root.device ? root.device.serviceUid : ""
	// A generator's codes have another meaning, and its own page says them.
	readonly property bool genset: /[.\/]genset[.\/]/.test(uid)

	title: qsTrId("opendtu_more_values")

	GradientListView {
		model: VisibleItemModel {
			ListText {
				text: qsTrId("opendtu_state")
				dataItem.uid: root.uid + "/StatusCode"
				secondaryText: Words.status(dataItem.value)
				preferredVisible: dataItem.valid && !root.genset
			}
			ListText {
				text: qsTrId("opendtu_last_error")
				dataItem.uid: root.uid + "/Debug/LastError"
				preferredVisible: !!dataItem.value
			}
			ListQuantity {
				text: qsTrId("opendtu_today")
				dataItem.uid: root.uid + "/Energy/Today"
				unit: VenusOS.Units_Energy_KiloWattHour
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_temperature")
				dataItem.uid: root.uid + "/Temperature"
				unit: VenusOS.Units_Temperature_Celsius
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_max_power")
				dataItem.uid: root.uid + "/Ac/MaxPower"
				unit: VenusOS.Units_Watt
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_frequency")
				dataItem.uid: root.uid + "/Ac/Frequency"
				unit: VenusOS.Units_Hertz
				preferredVisible: dataItem.valid
			}
			ListQuantity {
				text: qsTrId("opendtu_limit_asked")
				dataItem.uid: root.uid + "/Ac/PowerLimit"
				unit: VenusOS.Units_Watt
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_limit_state")
				dataItem.uid: root.uid + "/Debug/PowerLimitState"
				preferredVisible: !!dataItem.value
			}

			SettingsColumn {
				width: parent ? parent.width : 0
				Repeater {
					model: 6
					delegate: ListQuantityGroup {
						id: input

						required property int index
						readonly property string uid: root.uid + "/Pv/" + index

						text: inputNameItem.value || qsTrId("opendtu_string").arg(index + 1)
						preferredVisible: voltageItem.valid || currentItem.valid || powerItem.valid || yieldItem.valid
						model: QuantityObjectModel {
							QuantityObject { object: voltageItem; unit: VenusOS.Units_Volt_DC }
							QuantityObject { object: currentItem; unit: VenusOS.Units_Amp }
							QuantityObject { object: powerItem; unit: VenusOS.Units_Watt }
							QuantityObject { object: yieldItem; unit: VenusOS.Units_Energy_KiloWattHour }
						}

						VeQuickItem {
							id: inputNameItem
							uid: input.uid + "/Name"
						}
						VeQuickItem {
							id: voltageItem
							uid: input.uid + "/V"
						}
						VeQuickItem {
							id: currentItem
							uid: input.uid + "/I"
						}
						VeQuickItem {
							id: powerItem
							uid: input.uid + "/P"
						}
						VeQuickItem {
							id: yieldItem
							uid: input.uid + "/Yield"
						}
					}
				}
			}

			ListText {
				text: qsTrId("opendtu_age")
				dataItem.uid: root.uid + "/Age"
				secondaryText: Words.age(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_values")
				dataItem.uid: root.uid + "/ValueSource"
				secondaryText: Words.source(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_latency")
				dataItem.uid: root.uid + "/Debug/RoundTripP50"
				secondaryText: Words.milliseconds(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_serial")
				dataItem.uid: root.uid + "/Serial"
				preferredVisible: dataItem.valid
			}
		}
	}
}
