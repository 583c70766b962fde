import QtQuick
import Victron.VenusOS
import "DbusOpendtu_words.js" as Words

// One gateway. uid is its place below com.victronenergy.opendtu/Gateways.
Page {
	id: root

	required property string uid

	GradientListView {
		model: VisibleItemModel {
			ListText {
				text: qsTrId("opendtu_state")
				dataItem.uid: root.uid + "/State"
				secondaryText: Words.gateway(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_last_error")
				dataItem.uid: root.uid + "/LastError"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_product")
				dataItem.uid: root.uid + "/Product"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_firmware")
				dataItem.uid: root.uid + "/Firmware"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_address")
				dataItem.uid: root.uid + "/Address"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_origin")
				dataItem.uid: root.uid + "/Added"
				secondaryText: dataItem.value === 1 ? qsTrId("opendtu_origin_screen") : "config.ini"
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_values")
				dataItem.uid: root.uid + "/Push"
				secondaryText: Words.source(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_latency")
				dataItem.uid: root.uid + "/Latency"
				secondaryText: Words.milliseconds(dataItem.value)
				preferredVisible: dataItem.valid
			}
			ListText {
				text: qsTrId("opendtu_devices")
				dataItem.uid: root.uid + "/Devices"
				preferredVisible: dataItem.valid
			}
		}
	}
}
